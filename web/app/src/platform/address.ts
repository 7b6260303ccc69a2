import { signal } from '@preact/signals';
import type { Address } from './platform';

/** How many entries the current one is above the page's own in the history. */
function depth(): number {
  const kept: unknown = history.state?.layer;
  return typeof kept === 'number' ? kept : 0;
}

/**
 * The address bar and the history. Above the entry of a page there is one for each layer that is open. Entries follow
 * the layers once a task has opened and closed what it wants. They outlive a reload and, as those that Forward leads
 * to, their layer: then the history goes back to the layers that there are.
 */
export function address(): Address {
  const base = new URL(document.baseURI).pathname;
  const below = () => (location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname);
  const read = () => below() + location.hash;
  const path = signal(read());
  /** As the address bar shows it: after {@link Address.rename} it isn't `path`. */
  let shown = path.peek();
  /** What closes each layer, the topmost last. */
  const layers: (() => void)[] = [];
  let last = depth();
  /** Set while the history goes to where it was told to: what to do then. */
  let arrive: (() => void) | null = null;

  const follow = () => {
    if (arrive !== null) return;
    last = layers.length;
    for (let at = depth() + 1; at <= last; at += 1) history.pushState({ layer: at }, '');
    if (depth() === last) return;
    arrive = () => {};
    history.go(last - depth());
  };
  const go = (to: string) => {
    if (arrive !== null) {
      arrive = () => go(to);
      return;
    }
    history.pushState(null, '', new URL(to, document.baseURI));
    layers.length = last = 0;
    path.value = shown = read();
    window.scrollTo(0, 0);
  };

  window.addEventListener('popstate', () => {
    const arrived = arrive;
    arrive = null;
    const [now, at, before] = [read(), depth(), last];
    last = at;
    if (now !== shown) {
      layers.length = 0;
      path.value = shown = now;
    } else if (arrived === null && at < before && layers.length < before) {
      history.go(-1 - at); // it was the entry of a layer that a reload has closed: on to the page before
    } else {
      const closing = arrived === null ? layers.splice(at).reverse() : [];
      for (const close of closing) close(); // which may open another one
      follow();
    }
    arrived?.();
  });

  return {
    path,
    go,
    rename(to) {
      history.replaceState(history.state, '', new URL(to, document.baseURI));
      shown = read();
    },
    layer(close) {
      layers.push(close);
      queueMicrotask(follow);
      return () => {
        const index = layers.indexOf(close);
        if (index === -1) return;
        layers.splice(index, 1);
        queueMicrotask(follow);
      };
    },
  };
}
