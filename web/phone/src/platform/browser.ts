import { lazy } from '@eyeline/app/platform/lazy';
import { leaveWarning } from '@eyeline/app/platform/leave-warning';
import { memory } from '@eyeline/app/platform/memory';
import { operator } from '@eyeline/app/platform/operator';
import { seen } from '@eyeline/app/platform/page-visibility';
import { stayAwake } from '@eyeline/app/platform/wake-lock';
import { capture } from './capture';
import { jsSip } from './jssip';
import type { PhonePlatform } from './platform';

const alertsModule = lazy(() => import('@eyeline/app/platform/alerts'));

/** The real {@link PhonePlatform}. */
export function browser(): PhonePlatform {
  return {
    url: document.baseURI,
    webrtc: 'RTCPeerConnection' in window,
    operator: operator(),
    memory: memory(() => localStorage),
    session: memory(() => sessionStorage),
    seen: seen(),
    alerts: () => alertsModule().then(({ alerts }) => alerts({ speaker: '' })),
    stayAwake: stayAwake(),
    warnOnLeave: leaveWarning(),
    copy: async (text) => navigator.clipboard.writeText(text),
    now: Date.now,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
    takeFragment() {
      const fragment = location.hash.slice(1);
      if (fragment !== '') history.replaceState(history.state, '', location.pathname);
      return fragment;
    },
    openUserAgent: (account, events) => jsSip(new URL('sip', document.baseURI), account, events),
    capture: capture(),
    stream: (tracks) => new MediaStream([...tracks]),
  };
}
