import { Mic, MicOff, ShieldCheck, Video as VideoIcon, VideoOff } from 'lucide';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Kind, LocalDevices } from '../../model/local-devices';
import type { LobbyModel, Status } from '../../model/start/lobby';
import { peopleWords } from '../../strings/people';
import { words } from '../../strings/strings';
import { Video } from '../stage/video';
import { Icon } from '../ui/icon';
import { useKeys } from '../ui/keys';
import { Mark } from '../ui/mark';
import { RoundButton } from '../ui/round-button';
import { DeviceProblem } from './device-problem';
import { Devices } from './devices';

export function LobbyView({ lobby }: { readonly lobby: LobbyModel }) {
  const { devices } = lobby;
  const limits = peopleWords.limits(lobby.permissions.value);
  useKeys((key) => {
    if (key !== 'm' && key !== 'v') return false;
    void devices.toggle(key === 'm' ? 'microphone' : 'camera');
    return true;
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void lobby.join();
  };
  return (
    <main class="lobby">
      <Preview devices={devices} />
      <form class="lobby-form" onSubmit={submit} noValidate>
        <div class="lobby-heading">
          <h1 class="title">{words.lobby.heading}</h1>
          <StatusLine status={lobby.status.value} />
        </div>
        {limits !== '' && <p class="lobby-may">{limits}</p>}
        <NameField lobby={lobby} />
        <Devices devices={devices} />
        <JoinButton lobby={lobby} />
      </form>
    </main>
  );
}

function Preview({ devices }: { readonly devices: LocalDevices }) {
  const camera = devices.camera.value;
  const shown = camera.state === 'on';
  const mayShow = devices.mayUse('camera');
  const { asking, cameraStarting, cameraOff } = words.lobby;
  const hint = camera.state === 'asking' ? asking : camera.state === 'starting' ? cameraStarting : cameraOff;
  return (
    <section class="preview" aria-label={words.lobby.preview}>
      <Video stream={devices.stream.value} mine mirrored={devices.mirrored.value} hidden={!shown} box={null} />
      {!shown && camera.problem === null && <p class="preview-hint">{mayShow ? hint : peopleWords.cameraStays}</p>}
      <Problem devices={devices} />
      <div class="preview-controls">
        {devices.mayUse('microphone') && <Toggle devices={devices} kind="microphone" />}
        {mayShow && <Toggle devices={devices} kind="camera" />}
      </div>
    </section>
  );
}

/** Why there is no picture. Mentions the microphone too if it has the same problem. */
function Problem({ devices }: { readonly devices: LocalDevices }) {
  const camera = devices.camera.value.problem;
  if (camera === null) return null;
  const both = devices.microphone.value.problem === camera;
  return (
    <div class="preview-problem" role="status">
      <DeviceProblem devices={devices} kinds={both ? ['camera', 'microphone'] : ['camera']} problem={camera} />
    </div>
  );
}

function Toggle({ devices, kind }: { readonly devices: LocalDevices; readonly kind: Kind }) {
  const on = devices.isOn(kind);
  const icon = kind === 'microphone' ? (on ? Mic : MicOff) : on ? VideoIcon : VideoOff;
  return (
    <RoundButton
      name={words.bar.toggle(kind, on)}
      shortcut={kind === 'microphone' ? 'm' : 'v'}
      icon={icon}
      off={!on}
      onClick={() => void devices.toggle(kind)}
    />
  );
}

function StatusLine({ status }: { readonly status: Status }) {
  const [connection, text] = statusWords(status);
  return (
    <p class="status" role="status">
      <Mark connection={connection} />
      <span class="status-words">{text}</span>
    </p>
  );
}

function statusWords(status: Status): readonly ['direct' | 'looking' | 'lost' | 'relayed', string] {
  switch (status.is) {
    case 'connecting':
      return ['looking', words.lobby.connecting];
    case 'away':
      return ['lost', words.lobby.away];
    case 'refused':
      return ['lost', words.lobby.refusal(status.code, status.message)];
    case 'full':
      return ['relayed', words.lobby.full(status.capacity)];
    case 'locked':
      return ['lost', words.lobby.locked];
    case 'keyless':
      return ['lost', words.lobby.keyless];
    case 'here':
      return [status.names.length === 0 ? 'looking' : 'direct', words.lobby.here(status.names)];
  }
}

function NameField({ lobby }: { readonly lobby: LobbyModel }) {
  const input = useRef<HTMLInputElement>(null);
  const problem = lobby.nameProblem.value;
  useEffect(() => {
    // With a real keyboard you can type at once; on a phone the keyboard would cover half the page.
    if (matchMedia('(pointer: fine)').matches) input.current?.focus();
  }, []);
  useEffect(() => {
    if (problem !== null) input.current?.focus();
  }, [problem]);
  return (
    <div class="field">
      <div class="field-head">
        <label for="name">{words.lobby.name}</label>
        <p id="name-problem" class="problem" role="alert">
          {problem !== null && words.lobby.nameProblem(problem)}
        </p>
      </div>
      <input
        ref={input}
        id="name"
        class="input"
        type="text"
        autocomplete="nickname"
        autocapitalize="words"
        spellcheck={false}
        enterkeyhint="go"
        dir="auto"
        value={lobby.name.value}
        onInput={(event) => lobby.type(event.currentTarget.value)}
        aria-invalid={problem !== null}
        aria-describedby="name-problem"
      />
    </div>
  );
}

function JoinButton({ lobby }: { readonly lobby: LobbyModel }) {
  const joining = lobby.joining.value;
  const refusal = lobby.refusal.value;
  const { is } = lobby.status.value;
  const waiting = lobby.waiting.value || lobby.queued.value;
  const button = useRef<HTMLButtonElement>(null);
  const waited = useRef(waiting);
  useLayoutEffect(() => {
    // The button that was pressed is gone: the focus goes to the one in its place.
    if (waited.current !== waiting) button.current?.focus();
    waited.current = waiting;
  }, [waiting]);
  return (
    <div class="lobby-join">
      {!waiting && (
        <button ref={button} type="submit" class="button primary" aria-disabled={joining || is === 'locked'}>
          {joining
            ? words.lobby.joining
            : words.lobby.join(is === 'full' ? 'full' : lobby.knocks.value ? 'knock' : 'open')}
        </button>
      )}
      <p class="problem" role="alert">
        {refusal !== null && words.lobby.refusal(refusal.code, refusal.message)}
      </p>
      {waiting && (
        <>
          <p class="lobby-waits" role="status">
            <Mark connection="looking" />
            {peopleWords.lobby[!lobby.waiting.value ? 'queued' : is === 'away' ? 'away' : 'waiting']}
          </p>
          <button
            ref={button}
            type="button"
            class="button quiet"
            onKeyDown={(event) => {
              if (event.repeat) event.preventDefault(); // of the Enter that joined
            }}
            onClick={() => lobby.stopWaiting()}
          >
            {peopleWords.lobby.cancel}
          </button>
        </>
      )}
      <label class="choice lobby-hide">
        <input
          type="checkbox"
          checked={lobby.hidden.value}
          onChange={(event) => lobby.hide(event.currentTarget.checked)}
        />
        {words.lobby.hide}
      </label>
      {refusal === null && !waiting && (
        <p class="lobby-note">
          <Icon node={ShieldCheck} size={18} />
          {lobby.sealed ? words.lobby.sealed : words.lobby.trusting}
        </p>
      )}
    </div>
  );
}
