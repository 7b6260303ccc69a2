import { X } from 'lucide';
import type { Call } from '../model/call';
import { words } from '../strings/strings';
import { useBack } from './ui/back';
import { useFocusBack } from './ui/focus-back';
import { Icon } from './ui/icon';
import { LinkField } from './ui/link-field';
import { QrCode } from './ui/qr-code';

/** The link to be copied by hand, for browsers that block the clipboard. */
export function InviteDialog({ call }: { readonly call: Call }) {
  const close = () => {
    call.sharing.value = false;
  };
  useFocusBack();
  useBack(call, true, close);
  return (
    <section class="panel share" role="dialog" aria-label={words.bar.invite}>
      <div class="panel-head">
        <h2 class="panel-title">{words.alone.lead}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={close}>
          <Icon node={X} />
        </button>
      </div>
      <p class="secondary">{words.share}</p>
      <div class="code-field share-link">
        <LinkField link={call.link} selected />
      </div>
      <QrCode text={call.link} />
    </section>
  );
}
