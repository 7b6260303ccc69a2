import { Copy } from 'lucide';
import type { Call } from '../../model/call';
import { phoneWords } from '../../strings/phones';
import { Icon } from '../ui/icon';

/** The address at which a phone joins this call, if it can; while we are alone it can, so that only others need the note. */
export function RoomAddress({ call }: { readonly call: Call }) {
  const phones = call.lazy.phones.value;
  const address = phones?.roomAddress.value ?? null;
  if (phones === null || address === null) return null;
  return (
    <div class="phone-address">
      <p>
        <span class="secondary">{phoneWords.room}</span> <span class="phone-sip">{address}</span>
        {!call.alone.value && <span class="secondary phone-when">{phoneWords.roomNote}</span>}
      </p>
      <button type="button" class="plain" aria-label={phoneWords.copy} onClick={() => void phones.copyAddress()}>
        <Icon node={Copy} size={20} />
      </button>
    </div>
  );
}
