import { Check, Copy } from 'lucide';
import type { ComponentChildren } from 'preact';
import type { Call } from '../../model/call';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { LinkField } from '../ui/link-field';
import { QrCode } from '../ui/qr-code';

/** Shown while nobody else is here: the link, with a QR code. `children`, which may come later, are below the link. */
export function Alone({ call, children }: { readonly call: Call; readonly children?: ComponentChildren }) {
  const copied = call.copied.value;
  return (
    <div class="alone">
      <div class="alone-words">
        <p class="title">{words.alone.heading}</p>
        <p class="lead">{words.alone.lead}</p>
        <div class="code-field alone-link">
          <LinkField link={call.link} />
          <button type="button" class="button primary" onClick={() => void call.invite()}>
            <Icon node={copied ? Check : Copy} size={20} />
            {copied ? words.alone.copied : words.alone.copy}
          </button>
        </div>
        <div class="alone-more">{children}</div>
      </div>
      <div class="alone-scan">
        <QrCode text={call.link} caption={words.alone.scan} />
      </div>
    </div>
  );
}
