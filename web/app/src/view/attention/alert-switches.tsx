import { Bell, BellOff, Volume2, VolumeX } from 'lucide';
import type { Attention } from '../../model/attention/attention';
import type { Notices } from '../../model/notices';
import { attentionWords } from '../../strings/attention';
import { Icon } from '../ui/icon';

interface Props {
  readonly attention: Attention;
  readonly notices: Notices;
}

/** Turns sounds and notifications on and off. */
export function AlertSwitches({ attention: { sounds, notifications }, notices }: Props) {
  return (
    <>
      <Switch
        name={attentionWords.sounds}
        on={sounds.on.value}
        icons={[Volume2, VolumeX]}
        onClick={() => sounds.toggle()}
      />
      {notifications.available && (
        <Switch
          name={attentionWords.notifications}
          on={notifications.on.value}
          icons={[Bell, BellOff]}
          onClick={async () => {
            if (!(await notifications.toggle())) notices.show(attentionWords.blocked);
          }}
        />
      )}
    </>
  );
}

interface SwitchProps {
  readonly name: string;
  readonly on: boolean;
  /** Shown while it is on, and while it is off. */
  readonly icons: readonly [typeof Bell, typeof Bell];
  readonly onClick: () => void;
}

function Switch({ name, on, icons: [lit, unlit], onClick }: SwitchProps) {
  return (
    <button type="button" class="plain" aria-label={name} aria-pressed={on} title={name} onClick={onClick}>
      <Icon node={on ? lit : unlit} size={20} />
    </button>
  );
}
