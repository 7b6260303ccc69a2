import { LocalMedia, openLobby, ownedRoomName, rejoin } from '@eyeline/sdk';
import { type ReadonlySignal, signal } from '@preact/signals';
import { address } from './address';
import { captureScreen } from './capture';
import { fileHandles } from './file-handles';
import { fullScreen } from './full-screen';
import { identity } from './identity';
import { lazy } from './lazy';
import { lazyStorage } from './lazy-storage';
import { leaveWarning } from './leave-warning';
import { operator } from './operator';
import type { Memory, Platform } from './platform';

const alertsModule = lazy(() => import('./alerts'));

/** The real {@link Platform}. */
export function browser(): Platform {
  const output = { speaker: '' };
  return {
    sdk: {
      openLobby: openLobby,
      rejoin,
      probeStun: async (...asked) => (await import('./probes')).probeStun(...asked),
      probeTurn: async (...asked) => (await import('./probes')).probeTurn(...asked),
      ownedRoomName: ownedRoomName,
      media: () => new LocalMedia(),
    },
    url: document.baseURI,
    operator: operator(),
    secure: window.isSecureContext,
    webrtc: 'RTCPeerConnection' in window,
    address: address(),
    memory: memory(() => localStorage),
    session: memory(() => sessionStorage),
    page: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join(''),
    answers: () =>
      fetch(document.baseURI, { method: 'HEAD', cache: 'no-store' }).then(
        ({ ok }) => ok,
        () => false,
      ),
    storage: lazyStorage(),
    fileHandles: fileHandles(),
    preview: (file) => import('./preview').then(({ preview }) => preview(file)).catch(() => ''), // the server may be away
    captureScreen: navigator.mediaDevices?.getDisplayMedia === undefined ? null : captureScreen,
    fullScreen: fullScreen(),
    pictureInPicture: async () => (await import('./picture-in-picture')).pictureInPicture(),
    mediaSession: async () => (await import('./media-session')).mediaSession(),
    alerts: () => alertsModule().then(({ alerts }) => alerts(output)),
    speakers: async () => (await import('./speakers')).speakers(output),
    denoise: async (microphone) => (await import('./denoise')).denoise(microphone),
    userAgent: navigator.userAgent,
    seen: seen(),
    saveText,
    share: navigator.share === undefined ? null : (what) => navigator.share(what),
    stayAwake: stayAwake(),
    warnOnLeave: leaveWarning(),
    copy: async (text) => navigator.clipboard.writeText(text),
    identity,
    random: (count) => crypto.getRandomValues(new Uint8Array(count)),
    now: Date.now,
    frame,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
  };
}

function seen(): ReadonlySignal<boolean> {
  const shown = signal(!document.hidden);
  document.addEventListener('visibilitychange', () => {
    shown.value = !document.hidden;
  });
  return shown;
}

/** Hidden pages get no animation frame. */
function frame(run: () => void): () => void {
  const end = () => {
    cancelAnimationFrame(picture);
    clearTimeout(timer);
  };
  const now = () => {
    end();
    run();
  };
  const picture = requestAnimationFrame(now);
  const timer = setTimeout(now, 250);
  return end;
}

function saveText(name: string, text: string, type = 'text/plain'): void {
  const href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  Object.assign(document.createElement('a'), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // no event tells when the browser has read it
}

/** Wake lock. Browsers release it when the page is hidden, so it's requested again when the page is visible. */
function stayAwake(): (awake: boolean) => void {
  let wanted = false;
  let lock: Promise<WakeLockSentinel | null> = Promise.resolve(null);
  const follow = () => {
    lock = lock.then(async (held) => {
      if (wanted && (held === null || held.released)) return (await navigator.wakeLock?.request('screen')) ?? null;
      if (!wanted) await held?.release();
      return wanted ? held : null;
    });
    lock = lock.catch(() => null); // low battery, or the page is hidden
  };
  document.addEventListener('visibilitychange', follow);
  return (awake) => {
    if (awake === wanted) return;
    wanted = awake;
    follow();
  };
}

/** Browsers that block storage throw as soon as it's accessed. */
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
