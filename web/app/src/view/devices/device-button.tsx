import { ChevronUp, Mic, MicOff, Video, VideoOff } from 'lucide';
import type { Call } from '../../model/call';
import type { Kind } from '../../model/local-devices';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { RoundButton } from '../ui/round-button';

const icons = { microphone: [Mic, MicOff], camera: [Video, VideoOff] } as const;
const keys = { microphone: 'm', camera: 'v' } as const;

/** Turns microphone or camera on and off; the small button beside it opens the dialog in which they are chosen. */
export function DeviceButton({ call, kind }: { readonly call: Call; readonly kind: Kind }) {
  const on = call.isOn(kind);
  const open = call.menu.value === kind;
  return (
    <span class="bar-device">
      <RoundButton
        name={words.bar.toggle(kind, on)}
        shortcut={keys[kind]}
        {...(kind === 'microphone' ? { kind } : {})}
        icon={icons[kind][on ? 0 : 1]}
        off={!on}
        onClick={() => void call.toggle(kind)}
      />
      <button
        type="button"
        class="bar-caret"
        aria-label={words.bar.devices[kind]}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => call.openMenu(open ? null : kind)}
      >
        <Icon node={ChevronUp} size={16} />
      </button>
    </span>
  );
}
