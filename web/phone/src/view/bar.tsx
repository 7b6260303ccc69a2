import { RoundButton } from '@eyeline/app/view/ui/round-button';
import { Grip, MessageCircle, Mic, MicOff, Pause, PhoneForwarded, PhoneOff, Play, Video, VideoOff } from 'lucide';
import type { PhoneCall } from '../model/phone-call';
import type { Softphone } from '../model/softphone';
import { phoneWords } from '../strings/phone';

/** What opens beside the controls. */
export type Panel = 'keypad' | 'transfer' | 'messages';

interface Props {
  readonly softphone: Softphone;
  readonly call: PhoneCall;
  readonly panel: Panel | null;
  readonly onPanel: (panel: Panel) => void;
}

/** The controls of the call in front. */
export function Bar({ softphone, call, panel, onPanel }: Props) {
  const established = call.state.value === 'established';
  const muted = call.muted.value;
  const camera = call.camera.value !== null;
  const held = call.held.value;
  const messages = () => {
    softphone.people.add(call.remote);
    onPanel('messages');
  };
  return (
    <div class="bar" role="toolbar" aria-label={phoneWords.status}>
      {established && (
        <>
          <RoundButton
            name={muted ? phoneWords.unmute : phoneWords.mute}
            shortcut="m"
            icon={muted ? MicOff : Mic}
            kind="microphone"
            off={muted}
            onClick={() => call.mute(!muted)}
          />
          <RoundButton
            name={camera ? phoneWords.cameraOff : phoneWords.cameraOn}
            shortcut="v"
            icon={camera ? Video : VideoOff}
            off={!camera}
            onClick={() => void softphone.calls.toggleCamera(call)}
          />
          <RoundButton
            name={held ? phoneWords.resume : phoneWords.hold}
            shortcut="h"
            icon={held ? Play : Pause}
            on={held}
            onClick={() => call.hold(!held)}
          />
          <span class="bar-split" />
          <RoundButton
            name={phoneWords.keypad}
            shortcut="k"
            icon={Grip}
            pressed={panel === 'keypad'}
            onClick={() => onPanel('keypad')}
          />
          <RoundButton
            name={phoneWords.transfer}
            icon={PhoneForwarded}
            pressed={panel === 'transfer'}
            onClick={() => onPanel('transfer')}
          />
          <RoundButton
            name={phoneWords.messages}
            icon={MessageCircle}
            pressed={panel === 'messages'}
            onClick={messages}
          />
        </>
      )}
      <RoundButton name={phoneWords.hangUp} icon={PhoneOff} kind="leave" onClick={() => call.hangUp()} />
    </div>
  );
}
