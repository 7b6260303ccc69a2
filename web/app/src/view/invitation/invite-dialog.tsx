import { Check, Copy, X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import { words } from '../../strings/strings';
import { RoomAddress } from '../phones/room-address';
import { useBack } from '../ui/back';
import { useFocusBack } from '../ui/focus-back';
import { Icon } from '../ui/icon';
import { QrCode } from '../ui/qr-code';
import { CalendarForm } from './calendar-form';
import { InviteButtons } from './invite-buttons';
import { SpokenWords } from './spoken-words';
import { WholeLink } from './whole-link';

/** All ways to invite: the whole link, its QR code, and what {@link InviteButtons} has. */
export function InviteDialog({ call }: { readonly call: Call }) {
  const close = () => {
    call.sharing.value = false;
  };
  useFocusBack();
  useBack(call, true, close);
  const invitation = call.lazy.invitation.value;
  const copied = call.copied.value;
  const way = invitation?.way.value ?? null;
  const part = useRef<HTMLDivElement>(null);
  const shown = way === 'words' ? invitation?.spoken.value?.state.value.is : way;
  // On a small screen it would be below the edge.
  useEffect(() => {
    if (shown !== null) part.current?.scrollIntoView({ block: 'nearest' });
  }, [shown]);
  return (
    <section class="panel share" role="dialog" aria-label={words.bar.invite}>
      <div class="panel-head">
        <h2 class="panel-title">{words.alone.lead}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={close}>
          <Icon node={X} />
        </button>
      </div>
      <WholeLink link={call.link} />
      <InviteButtons call={call} inDialog>
        <button type="button" class="button primary small" onClick={() => void call.copyLink()}>
          <Icon node={copied ? Check : Copy} size={18} />
          {copied ? words.alone.copied : words.alone.copy}
        </button>
      </InviteButtons>
      <RoomAddress call={call} />
      <div ref={part}>
        {invitation !== null && way === 'calendar' && <CalendarForm invitation={invitation} />}
        {invitation !== null && way === 'words' && <SpokenWords invitation={invitation} />}
      </div>
      {way === null && <QrCode text={call.link} />}
    </section>
  );
}
