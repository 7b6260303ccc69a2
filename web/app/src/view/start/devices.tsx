import type { Device, DeviceOption } from '@eyeline/sdk';
import { useSignalEffect } from '@preact/signals';
import { ChevronDown } from 'lucide';
import { useRef } from 'preact/hooks';
import { deviceNames } from '../../model/devices/device-names';
import type { Kind, LocalDevices } from '../../model/local-devices';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { DeviceProblem } from './device-problem';

/** Pickers for microphone and camera, and the microphone's level. */
export function Devices({ devices }: { readonly devices: LocalDevices }) {
  const { microphones, cameras } = devices.available.value;
  return (
    <div class="devices">
      {devices.mayUse('microphone') && (
        <div class="field">
          <DeviceChoice devices={devices} kind="microphone" device={devices.microphone.value} choices={microphones} />
          <MicrophoneProblem devices={devices} />
          <LevelMeter devices={devices} />
        </div>
      )}
      {devices.mayUse('camera') && (
        <div class="field">
          <DeviceChoice devices={devices} kind="camera" device={devices.camera.value} choices={cameras} />
        </div>
      )}
    </div>
  );
}

/** Shown here if the camera doesn't have the same problem. */
function MicrophoneProblem({ devices }: { readonly devices: LocalDevices }) {
  const { problem } = devices.microphone.value;
  if (problem === null || problem === devices.camera.value.problem) return null;
  return (
    <div class="problem" role="status">
      <DeviceProblem devices={devices} kinds={['microphone']} problem={problem} />
    </div>
  );
}

interface Props {
  readonly devices: LocalDevices;
  readonly kind: Kind;
  readonly device: Device;
  readonly choices: readonly DeviceOption[];
}

function DeviceChoice({ devices, kind, device, choices }: Props) {
  const known = deviceNames(choices, (index) => words.lobby.unnamed(kind, index));
  const chosen = known.some(({ id }) => id === device.id) ? device.id : null;
  const choose = async (id: string) => {
    await devices.choose(kind, id);
    if (kind === 'camera') await devices.turn(kind, true); // nobody else sees it here
  };
  return (
    <>
      <label for={kind}>{words.lobby[kind]}</label>
      <span class="select">
        <select
          id={kind}
          class="input"
          disabled={known.length === 0}
          value={chosen ?? ''}
          onChange={(event) => void choose(event.currentTarget.value)}
        >
          {chosen === null && <option value="">{words.lobby.none(device.state)}</option>}
          {known.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <Icon node={ChevronDown} size={18} />
      </span>
    </>
  );
}

/** The microphone's level. It changes 20 times a second, so it updates its element directly. */
export function LevelMeter({ devices }: { readonly devices: LocalDevices }) {
  const bar = useRef<HTMLSpanElement>(null);
  useSignalEffect(() => {
    const level = devices.isOn('microphone') ? devices.level.value : 0;
    if (bar.current !== null) bar.current.style.transform = `scaleX(${level.toFixed(3)})`;
  });
  return (
    <span class="meter" aria-hidden="true">
      <span ref={bar} class="meter-bar" />
    </span>
  );
}
