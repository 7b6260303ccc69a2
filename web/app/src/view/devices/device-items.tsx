import { Settings2, SwitchCamera } from 'lucide';
import type { Call } from '../../model/call';
import { deviceWords } from '../../strings/devices';
import { MenuItem } from '../ui/menu';

/** Items of the menu "More": choosing devices, and switching between a phone's cameras. */
export function DeviceItems({ call }: { readonly call: Call }) {
  const devices = call.lazy.devices.value;
  if (devices === null) return null;
  return (
    <>
      <MenuItem icon={Settings2} words={deviceWords.open} onChoose={() => call.openMenu('devices')} />
      {devices.canFlip.value && (
        <MenuItem icon={SwitchCamera} words={deviceWords.flip} onChoose={() => void devices.local.flip()} />
      )}
    </>
  );
}
