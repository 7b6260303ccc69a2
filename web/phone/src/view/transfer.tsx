import { words } from '@eyeline/app/strings/strings';
import { useFocusBack } from '@eyeline/app/view/ui/focus-back';
import { Icon } from '@eyeline/app/view/ui/icon';
import { X } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PhoneCall } from '../model/phone-call';
import type { Softphone } from '../model/softphone';
import type { Identity } from '../platform/user-agent';
import { phoneWords } from '../strings/phone';

interface Props {
  readonly softphone: Softphone;
  readonly call: PhoneCall;
  readonly onClose: () => void;
}

/** Passes the call on, or adds another one. */
export function TransferPanel({ softphone, call, onClose }: Props) {
  const [typed, setTyped] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useFocusBack();
  useEffect(() => field.current?.focus(), []);
  const known = softphone.people.list.value.filter(({ uri }) => uri !== call.remote.uri);
  const { calls } = softphone;
  const wrong = softphone.badAddress.value;
  const go = (act: (to: Identity) => unknown) => {
    const to = softphone.find(typed);
    if (to === null) {
      field.current?.focus();
      return;
    }
    onClose();
    void act(to);
  };
  return (
    <section class="panel call-panel" role="dialog" aria-label={phoneWords.transferTitle}>
      <div class="panel-head">
        <h2 class="panel-title">{phoneWords.transferTitle}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      <form
        class="transfer"
        onSubmit={(event) => {
          event.preventDefault();
          go((to) => calls.consult(call, to));
        }}
      >
        <div class="field">
          <label for="transfer-to">{phoneWords.to}</label>
          <input
            ref={field}
            id="transfer-to"
            class="input"
            type="text"
            list="transfer-people"
            placeholder={phoneWords.dial}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={wrong !== null}
            aria-describedby="transfer-problem"
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              softphone.badAddress.value = null;
            }}
          />
          <datalist id="transfer-people">
            {known.map(({ uri, name }) => (
              <option key={uri} value={softphone.shortAddress(uri)}>
                {name}
              </option>
            ))}
          </datalist>
          <p id="transfer-problem" class="problem" role="alert">
            {wrong !== null && phoneWords.badAddress[wrong]}
          </p>
        </div>
        <div class="transfer-ways">
          <button type="submit" class="button primary small">
            {phoneWords.askFirst}
          </button>
          <button type="button" class="button quiet small" onClick={() => go((to) => calls.transfer.blind(call, to))}>
            {phoneWords.transferNow}
          </button>
          <button type="button" class="button quiet small" onClick={() => go((to) => calls.dial(to, false))}>
            {phoneWords.addCall}
          </button>
        </div>
      </form>
    </section>
  );
}
