import { Pin as PinIcon, PinOff } from 'lucide';
import type { Call } from '../../model/call';
import type { Person } from '../../model/person';
import { viewWords } from '../../strings/view';
import { Icon } from '../ui/icon';

/** Makes this person large, on their tile; a double click on the tile does the same. */
export function Pin({ call: { stage }, person }: { readonly call: Call; readonly person: Person }) {
  if (!stage.pins.value) return null;
  const pinned = stage.pinned.value === person;
  return (
    <button
      type="button"
      class="pin"
      aria-label={viewWords.pin(person.name)}
      aria-pressed={pinned}
      onClick={() => stage.pin(person.id)}
      onDblClick={(event) => event.stopPropagation()}
    >
      <span class="pin-face">
        <Icon node={pinned ? PinOff : PinIcon} size={18} />
      </span>
    </button>
  );
}
