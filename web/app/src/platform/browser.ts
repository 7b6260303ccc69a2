import { LocalMedia, openLobby, ownedRoomName, rejoin } from '@eyeline/sdk';
import { address } from './address';
import { captureScreen } from './capture';
import { fileHandles } from './file-handles';
import { fullScreen } from './full-screen';
import { identity } from './identity';
import { lazy } from './lazy';
import { lazyStorage } from './lazy-storage';
import { leaveWarning } from './leave-warning';
import { memory } from './memory';
import { operator } from './operator';
import { seen } from './page-visibility';
import type { Platform } from './platform';
import { stayAwake } from './wake-lock';

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
