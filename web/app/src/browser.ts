import { LocalMedia, probeStun, probeTurn, rejoin, visit } from '@eyeline/sdk';
import { signal } from '@preact/signals';
import type { Address, Memory, Outside } from './model/outside';

/** The browser, as the model wants it. */
export function browser(): Outside {
  return {
    sdk: { visit, rejoin, probeStun, probeTurn, media: () => new LocalMedia() },
    url: document.baseURI,
    address: address(),
    memory: memory(() => localStorage),
    session: memory(() => sessionStorage),
    answers: () =>
      fetch(document.baseURI, { method: 'HEAD', cache: 'no-store' }).then(
        ({ ok }) => ok,
        () => false,
      ),
    copy: async (text) => navigator.clipboard.writeText(text),
    random: (count) => crypto.getRandomValues(new Uint8Array(count)),
    now: Date.now,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
  };
}

function address(): Address {
  const base = new URL(document.baseURI).pathname;
  const read = () => (location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname);
  const path = signal(read());
  window.addEventListener('popstate', () => {
    path.value = read();
  });
  return {
    path,
    go(to) {
      history.pushState(null, '', new URL(to, document.baseURI));
      path.value = read();
      window.scrollTo(0, 0);
    },
  };
}

/** A browser may refuse storage altogether, already at the mention of it. */
function memory(storage: () => Storage): Memory {
  const attempt = <T>(what: () => T, otherwise: T): T => {
    try {
      return what();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => attempt(() => storage().getItem(key), null),
    set: (key, value) => attempt(() => storage().setItem(key, value), undefined),
    forget: (key) => attempt(() => storage().removeItem(key), undefined),
  };
}
