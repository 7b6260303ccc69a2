import { CalendarPlus, MessageSquareText, Phone, Quote, Share } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Call } from '../../model/call';
import { Invitation, type Way } from '../../model/invitation/invitation';
import { invitationWords as words } from '../../strings/invitation';
import { phoneWords } from '../../strings/phones';
import { Icon } from '../ui/icon';

interface Props {
  readonly call: Call;
  /** In the invite dialog; otherwise they open it. */
  readonly inDialog?: boolean;
  readonly children?: ComponentChildren;
}

/** What to do with the link other than copy it. Also shown below it while nobody else is in the call. */
export function InviteButtons({ call, inDialog = false, children }: Props) {
  useEffect(() => call.lazy.bringInvitation(Invitation), [call]);
  const invitation = call.lazy.invitation.value;
  if (invitation === null) return <div class="share-ways">{children}</div>;
  const open = (way: Way) => {
    invitation.way.value = inDialog && invitation.way.peek() === way ? null : way;
    call.sharing.value = true;
  };
  const expanded = (way: Way) => (inDialog ? { 'aria-expanded': invitation.way.value === way } : {});
  return (
    <div class="share-ways">
      {children}
      {invitation.shares && (
        <button type="button" class="button quiet small" onClick={() => void invitation.share()}>
          <Icon node={Share} size={18} />
          {words.share}
        </button>
      )}
      <button type="button" class="button quiet small" onClick={() => void invitation.copy()}>
        <Icon node={MessageSquareText} size={18} />
        {words.copy}
      </button>
      <button type="button" class="button quiet small" {...expanded('calendar')} onClick={() => open('calendar')}>
        <Icon node={CalendarPlus} size={18} />
        {words.calendar.button}
      </button>
      {invitation.speaks && (
        <button type="button" class="button quiet small" {...expanded('words')} onClick={() => open('words')}>
          <Icon node={Quote} size={18} />
          {words.words.button}
        </button>
      )}
      {call.lazy.phones.value?.offered.value === true && (
        <button type="button" class="button quiet small" onClick={() => call.lazy.phones.peek()?.show()}>
          <Icon node={Phone} size={18} />
          {phoneWords.call}
        </button>
      )}
    </div>
  );
}
