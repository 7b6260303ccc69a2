import type { Device, DeviceOption } from '@eyeline/sdk';
import { useSignalEffect } from '@preact/signals';
import { ChevronDown } from 'lucide';
import { useRef } from 'preact/hooks';
import { type Kind, type LocalDevices, mayHelp } from '../../model/local-devices';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';

/** Pickers for microphone and camera, and the microphone's level. */
export function Devices({ devices }: { readonly devices: LocalDevices }) {
  const { microphones, cameras } = devices.available.value;
  return (
    <div class="devices">
      {devices.mayUse('microphone') && (
        <div class="field">
          <DeviceChoice devices={devices} kind="microphone" device={devices.microphone.value} choices={microphones} />
          <MicrophoneProblem devices={devices} />
          <Meter devices={devices} />
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
    <p class="problem" role="status">
      {words.problem(['microphone'], problem)}{' '}
      {mayHelp(problem) && (
        <button type="button" class="link-button" onClick={() => void devices.retry()}>
          {words.again}
        </button>
      )}
    </p>
  );
}

interface Props {
  readonly devices: LocalDevices;
  readonly kind: Kind;
  readonly device: Device;
  readonly choices: readonly DeviceOption[];
}

function DeviceChoice({ devices, kind, device, choices }: Props) {
  // Before permission, browsers list devices without ids, so there is nothing to choose from.
  const known = choices.filter((choice) => choice.id !== '');
  const chosen = known.some((choice) => choice.id === device.id) ? device.id : null;
  return (
    <>
      <label for={kind}>{words.lobby[kind]}</label>
      <span class="select">
        <select
          id={kind}
          class="input"
          disabled={known.length === 0}
          value={chosen ?? ''}
          onChange={(event) => void devices.choose(kind, event.currentTarget.value)}
        >
          {chosen === null && <option value="">{words.lobby.none(device.state)}</option>}
          {known.map((choice, index) => (
            <option key={choice.id} value={choice.id}>
              {choice.label || words.lobby.unnamed(kind, index)}
            </option>
          ))}
        </select>
        <Icon node={ChevronDown} size={18} />
      </span>
    </>
  );
}

/** Changes 20 times a second, so it updates its element directly. */
function Meter({ devices }: { readonly devices: LocalDevices }) {
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
