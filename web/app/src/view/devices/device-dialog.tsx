import { SwitchCamera, Volume2, X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Call, DeviceMenu } from '../../model/call';
import type { CallDevices } from '../../model/devices/call-devices';
import { deviceNames } from '../../model/devices/device-names';
import { noiseSuppressionModes } from '../../model/devices/noise-suppression';
import type { Kind } from '../../model/local-devices';
import { deviceWords } from '../../strings/devices';
import { words } from '../../strings/strings';
import { LevelMeter } from '../start/devices';
import { useFocusBack } from '../ui/focus-back';
import { Icon } from '../ui/icon';
import { PermissionGuide } from './permission-guide';

const says = deviceWords.menu;

interface Props {
  readonly call: Call;
  readonly devices: CallDevices;
  readonly shows: DeviceMenu;
}

/** Chooses microphone, speaker, noise suppression and camera during a call. */
export function DeviceDialog({ call }: Pick<Props, 'call'>) {
  const [menu, devices] = [call.menu.value, call.lazy.devices.value];
  if (devices === null || menu === null || menu === 'more') return null;
  return <Dialog key={menu} call={call} devices={devices} shows={menu} />;
}

function Dialog({ call, devices, shows }: Props) {
  const dialog = useRef<HTMLElement>(null);
  const close = () => call.openMenu(null);
  useFocusBack();
  useLayoutEffect(() => dialog.current?.focus({ preventScroll: true }), []); // after the focus was remembered
  useClickOutside(dialog, close);
  const { local } = devices;
  const has = (kind: Kind) => (shows === 'devices' || shows === kind) && local.mayUse(kind);
  return (
    <section
      ref={dialog}
      tabIndex={-1}
      class="panel devices-dialog"
      role="dialog"
      aria-label={says.name[shows]}
      data-shows={shows}
    >
      <div class="panel-head">
        <h2 class="panel-title">{says.name[shows]}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={close}>
          <Icon node={X} />
        </button>
      </div>
      {has('microphone') && (
        <>
          <DeviceGroup devices={devices} kind="microphone" />
          <SpeakerGroup devices={devices} />
          <NoiseGroup devices={devices} />
        </>
      )}
      {has('camera') && <DeviceGroup devices={devices} kind="camera" />}
    </section>
  );
}

/** Closes what is open when something else is pressed, but for the bar, whose buttons do that themselves. */
function useClickOutside(inside: { readonly current: HTMLElement | null }, close: () => void): void {
  useEffect(() => {
    const listen = ({ target }: Event) => {
      if (!(target instanceof Element) || inside.current?.contains(target) || target.closest('.bar, .notices')) return;
      close();
    };
    document.addEventListener('pointerdown', listen);
    return () => document.removeEventListener('pointerdown', listen);
  });
}

function DeviceGroup({ devices, kind }: { readonly devices: CallDevices; readonly kind: Kind }) {
  const { local } = devices;
  const { microphones, cameras } = local.available.value;
  const { id, facing, problem, state } = local[kind].value;
  const options = deviceNames(kind === 'camera' ? cameras : microphones, (index) => says.unnamed(kind, index));
  if (problem === 'denied') {
    return (
      <Group name={says[kind]}>
        <PermissionGuide devices={local} where="call" />
      </Group>
    );
  }
  return (
    <Group name={says[kind]}>
      {options.length === 0 && <p class="secondary">{says.none[kind]}</p>}
      {options.map((option) => (
        <Choice
          key={option.id}
          group={kind}
          name={option.name}
          checked={option.id === id}
          onChoose={() => void local.choose(kind, option.id)}
        />
      ))}
      {state === 'failed' && problem !== null && (
        <p class="problem" role="status">
          {words.problem([kind], problem, 'call')}
        </p>
      )}
      {kind === 'microphone' && <LevelMeter devices={local} />}
      {facing !== null && options.length > 1 && (
        <button type="button" class="button quiet small" onClick={() => void local.flip()}>
          <Icon node={SwitchCamera} size={20} />
          {says.flip(facing === 'user')}
        </button>
      )}
    </Group>
  );
}

function SpeakerGroup({ devices: { speaker } }: { readonly devices: CallDevices }) {
  const options = deviceNames(speaker.options.value, (index) => says.unnamed('speaker', index));
  const inUse = speaker.id.value;
  if (!speaker.canChoose.value) {
    return (
      <Group name={says.speaker}>
        <p class="secondary">{says.noSpeakers}</p>
      </Group>
    );
  }
  return (
    <Group name={says.speaker}>
      {options.every(({ id }) => id !== 'default') && (
        <Choice group="speaker" name={says.system} checked={inUse === ''} onChoose={() => speaker.choose('')} />
      )}
      {options.map(({ id, name }) => (
        <Choice
          key={id}
          group="speaker"
          name={name}
          checked={id === inUse || (inUse === '' && id === 'default')}
          onChoose={() => speaker.choose(id)}
        />
      ))}
      <div class="devices-row">
        <button type="button" class="button quiet small" onClick={() => void speaker.test()}>
          <Icon node={Volume2} size={20} />
          {says.test}
        </button>
        {speaker.hasPicker.value && (
          <button type="button" class="button quiet small" onClick={() => void speaker.pick()}>
            {says.pick}
          </button>
        )}
      </div>
      {speaker.failed.value && (
        <p class="problem" role="status">
          {says.testFailed}
        </p>
      )}
    </Group>
  );
}

function NoiseGroup({ devices: { noise } }: { readonly devices: CallDevices }) {
  return (
    <Group name={says.noise}>
      {noiseSuppressionModes.map((mode) => {
        const [name, about] = says.noises[mode];
        return (
          <Choice
            key={mode}
            group="noise"
            name={name}
            about={about}
            checked={noise.mode.value === mode}
            onChoose={() => void noise.choose(mode)}
          />
        );
      })}
      {noise.failed.value && (
        <p class="problem" role="status">
          {says.noiseFailed}
        </p>
      )}
    </Group>
  );
}

function Group({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <fieldset class="devices-group">
      <legend>{name}</legend>
      {children}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly group: string;
  readonly name: string;
  readonly about?: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
}

function Choice({ group, name, about, checked, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={`device-${group}`} checked={checked} onChange={onChoose} />
      <span class="devices-name">
        {name}
        {about !== undefined && <span class="devices-about">{about}</span>}
      </span>
    </label>
  );
}
