import type { CallActions, MediaSessionControls } from './platform';

/** With the actions of a call: TypeScript doesn't know all of them, nor does every browser. */
interface Session {
  setActionHandler(action: string, handler: (() => void) | null): void;
  setMicrophoneActive?: (active: boolean) => void;
  setCameraActive?: (active: boolean) => void;
}

/** The Media Session API, as far as the browser has it. */
export function mediaSession(): MediaSessionControls {
  const session: Session | undefined = 'mediaSession' in navigator ? navigator.mediaSession : undefined;
  const set = (action: string, handler: (() => void) | null) => {
    try {
      session?.setActionHandler(action, handler);
    } catch {
      // This browser doesn't have the action.
    }
  };
  return {
    handle(actions: CallActions | null) {
      set('togglemicrophone', actions?.toggleMicrophone ?? null);
      set('togglecamera', actions?.toggleCamera ?? null);
      set('hangup', actions?.hangUp ?? null);
      set('enterpictureinpicture', actions?.enterPictureInPicture ?? null);
    },
    show({ microphone, camera }) {
      session?.setMicrophoneActive?.(microphone);
      session?.setCameraActive?.(camera);
    },
  };
}
