import { MessageCircle, MonitorUp, MonitorX, Paperclip, PhoneOff, UserPlus, Users } from 'lucide';
import type { Ref } from 'preact';
import { useRef } from 'preact/hooks';
import type { Call, Panel } from '../model/call';
import { peopleWords } from '../strings/people';
import { screenWords } from '../strings/screens';
import { words } from '../strings/strings';
import { DeviceButton } from './devices/device-button';
import { MoreButton } from './more/more-button';
import { RoundButton } from './ui/round-button';

interface Props {
  readonly call: Call;
  /** The buttons that open panels. */
  readonly buttons: { readonly [P in Panel]: Ref<HTMLButtonElement> };
}

/** Milliseconds in which a click on a button that slid under a resting pointer is taken for an accident. */
const aimsWithin = 2000;

function isSamePlace(before: MouseEvent | null, event: MouseEvent): boolean {
  if (before === null || event.detail === 0) return false; // from the keyboard
  if (event.timeStamp - before.timeStamp > aimsWithin) return false;
  return Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < 4;
}

/** The controls of a call. They stay visible while the pointer or the keyboard focus is in them. */
export function ControlBar({ call, buttons }: Props) {
  const { controls } = call;
  const unread = call.lazy.chat.value?.unread.value ?? 0;
  const { people, screens } = call;
  const sharing = screens.sharing.value;
  const permissions = call.permissions.value;
  const knocking = people.knocking.value.length;
  const waiting = call.lazy.files.value?.waiting.value ?? 0;
  /** The last press on another control. */
  const before = useRef<MouseEvent | null>(null);
  const leave = (event: MouseEvent) => {
    if (isSamePlace(before.current, event)) before.current = null;
    else call.leave();
  };
  return (
    <section
      class="bar"
      aria-label={words.bar.label}
      onPointerDown={(event) => {
        if (!(event.target as Element).closest('[data-kind="leave"]')) before.current = event;
      }}
      onPointerEnter={({ pointerType }) => controls.hold('pointer', pointerType === 'mouse')}
      onPointerLeave={() => controls.hold('pointer', false)}
      onFocusIn={(event) =>
        controls.hold('keyboard', event.target instanceof Element && event.target.matches(':focus-visible'))
      }
      onFocusOut={() => controls.hold('keyboard', false)}
    >
      {permissions.has('microphone') && <DeviceButton call={call} kind="microphone" />}
      {permissions.has('camera') && <DeviceButton call={call} kind="camera" />}
      {screens.mayShare.value && (
        <RoundButton
          name={screenWords.button(sharing)}
          shortcut="s"
          icon={sharing ? MonitorX : MonitorUp}
          on={sharing}
          onClick={() => void screens.toggle()}
        />
      )}
      {(permissions.has('microphone') || permissions.has('camera') || screens.mayShare.value) && (
        <span class="bar-split" />
      )}
      <RoundButton
        buttonRef={buttons.chat}
        name={words.bar.chat}
        shortcut="c"
        icon={MessageCircle}
        pressed={call.panel.value === 'chat'}
        {...(unread > 0 ? { description: words.bar.unread(unread) } : {})}
        onClick={() => call.togglePanel('chat')}
      >
        {unread > 0 && <span class="round-dot" />}
      </RoundButton>
      {people.allowsFiles.value && (
        <RoundButton
          buttonRef={buttons.files}
          name={words.bar.files}
          shortcut="f"
          icon={Paperclip}
          pressed={call.panel.value === 'files'}
          {...(waiting > 0 ? { description: words.bar.filesWaiting(waiting) } : {})}
          onClick={() => call.togglePanel('files')}
        >
          {waiting > 0 && <span class="round-dot" />}
        </RoundButton>
      )}
      <RoundButton
        buttonRef={buttons.people}
        name={peopleWords.button}
        shortcut="p"
        icon={Users}
        pressed={call.panel.value === 'people'}
        {...(knocking > 0 ? { description: peopleWords.waiting(knocking) } : {})}
        onClick={() => call.togglePanel('people')}
      >
        {knocking > 0 && <span class="round-dot" />}
      </RoundButton>
      <RoundButton name={words.bar.invite} shortcut="i" icon={UserPlus} wide onClick={() => void call.invite()} />
      <MoreButton call={call} />
      <RoundButton name={words.bar.leave} icon={PhoneOff} kind="leave" onClick={leave} />
    </section>
  );
}
