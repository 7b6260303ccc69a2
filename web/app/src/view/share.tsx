import { X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../model/call';
import { words } from '../strings';
import { useFocusBack } from './focus-back';
import { Icon } from './icon';
import { QrCode } from './qr-code';

/** The link to be copied by hand, for browsers without a clipboard for us. */
export function ShareSheet({ call }: { readonly call: Call }) {
  const close = () => {
    call.sharing.value = false;
  };
  useFocusBack();
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

/** The link, whole and ready to be taken. */
export function LinkField({ link, selected = false }: { readonly link: string; readonly selected?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (selected) input.current?.focus();
  }, [selected]);
  return (
    <input
      ref={input}
      class="code-input link"
      type="text"
      readOnly
      aria-label={words.alone.link}
      value={link}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}
