import { Pin, PinOff, Volume2, VolumeX } from 'lucide';
import type { Call } from '../../model/call';
import type { Other } from '../../model/person';
import { viewWords } from '../../strings/view';
import { Icon } from '../ui/icon';

interface Props {
  readonly call: Call;
  readonly person: Other;
}

/** On the tile of somebody else: mute them for yourself, and pin them. */
export function TileButtons({ call, person }: Props) {
  const { stage } = call;
  const muted = person.mutedForMe.value;
  const pinned = stage.pinned.value === person;
  return (
    <div class="tile-buttons">
      <TileButton
        icon={muted ? VolumeX : Volume2}
        name={viewWords.muteForMe(person.name)}
        pressed={muted}
        onClick={() => {
          person.mutedForMe.value = !muted;
        }}
      />
      {stage.pins.value && (
        <TileButton
          icon={pinned ? PinOff : Pin}
          name={viewWords.pin(person.name)}
          pressed={pinned}
          onClick={() => stage.pin(person.id)}
        />
      )}
    </div>
  );
}

interface ButtonProps {
  readonly icon: typeof Pin;
  readonly name: string;
  readonly pressed: boolean;
  readonly onClick: () => void;
}

function TileButton({ icon, name, pressed, onClick }: ButtonProps) {
  return (
    <button type="button" class="tile-button" aria-label={name} title={name} aria-pressed={pressed} onClick={onClick}>
      <span class="tile-button-face">
        <Icon node={icon} size={18} />
      </span>
    </button>
  );
}
