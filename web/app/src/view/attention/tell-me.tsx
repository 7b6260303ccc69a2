import { Bell, BellRing } from 'lucide';
import type { Call } from '../../model/call';
import { attentionWords } from '../../strings/attention';
import { Icon } from '../ui/icon';

/** Shown while nobody else is here: asks for a notification when somebody comes. */
export function TellMe({ call }: { readonly call: Call }) {
  const notifications = call.lazy.attention.value?.notifications;
  if (notifications === undefined || !notifications.available) return null;
  const ask = async () => {
    if (!(await notifications.toggle())) call.notices.show(attentionWords.blocked);
    else call.notices.tell(attentionWords.told);
  };
  if (notifications.on.value) {
    return (
      <p class="secondary tell-me">
        <Icon node={BellRing} size={20} />
        {attentionWords.told}
      </p>
    );
  }
  return (
    <button type="button" class="button quiet small" onClick={() => void ask()}>
      <Icon node={Bell} size={20} />
      {attentionWords.tellMe}
    </button>
  );
}
