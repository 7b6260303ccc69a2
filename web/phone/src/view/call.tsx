import { initials } from '@eyeline/app/model/name';
import { words } from '@eyeline/app/strings/strings';
import { Video } from '@eyeline/app/view/stage/video';
import { Icon } from '@eyeline/app/view/ui/icon';
import { useKeys } from '@eyeline/app/view/ui/keys';
import { X } from 'lucide';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Phone } from '../model/phone';
import type { PhoneCall } from '../model/phone-call';
import type { Softphone } from '../model/softphone';
import { phoneWords } from '../strings/phone';
import { Badge } from './badge';
import { Bar, type Panel } from './bar';
import { CallNotices } from './call-notices';
import { Keypad } from './keypad';
import { Messages } from './messages';
import { TransferPanel } from './transfer';

interface Props {
  readonly phone: Phone;
  readonly softphone: Softphone;
  readonly call: PhoneCall;
}

/** The call in front. */
export function CallView({ phone, softphone, call }: Props) {
  const [panel, setPanel] = useState<Panel | null>(null);
  const [hear, setHear] = useState<(() => void) | null>(null);
  const section = useRef<HTMLElement>(null);
  const name = softphone.nameOf(call.remote);
  const close = useCallback(() => setPanel(null), []);
  const toggle = (which: Panel) => setPanel(panel === which ? null : which);
  useEffect(() => section.current?.focus(), []);
  useKeys((key) => press(key, { softphone, call, panel, toggle, close }));
  const person = softphone.people.find(call.remote.uri);
  const onSilence = useCallback((play: () => void) => setHear(() => play), []);
  return (
    <section
      ref={section}
      class="call"
      data-pair="true"
      data-chat={panel === 'messages'}
      aria-label={name}
      tabIndex={-1}
    >
      <div class="stage">
        <Theirs call={call} name={name} onSilence={onSilence} />
        <Mine phone={phone} call={call} />
      </div>
      <CallNotices softphone={softphone} call={call} />
      {hear !== null && (
        <button
          type="button"
          class="button primary hear"
          onClick={() => {
            hear();
            setHear(null);
          }}
        >
          {words.hear}
        </button>
      )}
      {panel === 'keypad' && <Keypad call={call} onClose={close} />}
      {panel === 'transfer' && <TransferPanel softphone={softphone} call={call} onClose={close} />}
      <Bar softphone={softphone} call={call} panel={panel} onPanel={toggle} />
      {panel === 'messages' && person !== null && (
        <aside class="chat" aria-label={phoneWords.messages}>
          <div class="panel-head">
            <h2 class="panel-title">{phoneWords.messages}</h2>
            <button type="button" class="plain" aria-label={words.close} onClick={close}>
              <Icon node={X} />
            </button>
          </div>
          <Messages phone={phone} softphone={softphone} person={person} />
        </aside>
      )}
    </section>
  );
}

function press(
  key: string,
  {
    softphone,
    call,
    panel,
    toggle,
    close,
  }: Omit<Props, 'phone'> & {
    readonly panel: Panel | null;
    readonly toggle: (panel: Panel) => void;
    readonly close: () => void;
  },
): boolean {
  if (key === 'escape' && panel !== null) close();
  else if (panel === 'keypad' && /^[0-9*#]$/.test(key)) call.sendTone(key);
  else if (key === 'm') call.mute(!call.muted.peek());
  else if (key === 'v') void softphone.calls.toggleCamera(call);
  else if (key === 'h') call.hold(!call.held.peek());
  else if (key === 'k') toggle('keypad');
  else return false;
  return true;
}

function Theirs({
  call,
  name,
  onSilence,
}: {
  readonly call: PhoneCall;
  readonly name: string;
  readonly onSilence: (play: () => void) => void;
}) {
  const state = call.state.value;
  const { stream } = call;
  const shows = call.theirVideo.value && !call.held.value && !call.heldByThem.value;
  return (
    <div class="tile" data-role="big">
      <div class="standin">
        <span class="standin-ring" aria-hidden="true">
          {initials(name)}
        </span>
        <span class="call-state" role="status">
          {phoneWords.state(state)}
        </span>
      </div>
      {stream !== null && state !== 'calling' && (
        <Video stream={stream} mine={false} hidden={!shows} box={null} onSilence={onSilence} />
      )}
      <p class="pill name">
        <bdi class="name-words">{name}</bdi>
      </p>
      <Badge call={call} />
    </div>
  );
}

/** Our own picture, small. */
function Mine({ phone, call }: Omit<Props, 'softphone'>) {
  const camera = call.camera.value;
  const stream = useMemo(() => (camera === null ? null : phone.platform.stream([camera])), [phone, camera]);
  if (stream === null) return null;
  return (
    <div class="tile call-mine" data-role="small" role="img" aria-label={phoneWords.ownPicture}>
      <Video stream={stream} mine mirrored hidden={call.held.value || call.heldByThem.value} box={null} />
    </div>
  );
}
