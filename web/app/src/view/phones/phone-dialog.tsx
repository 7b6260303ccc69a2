import { Phone, PhoneOff, X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { PhoneCalling } from '../../model/phones/phone-calling';
import { phoneWords } from '../../strings/phones';
import { words } from '../../strings/strings';
import { useBack } from '../ui/back';
import { useFocusBack } from '../ui/focus-back';
import { Icon } from '../ui/icon';

/** Asks whom to call, and shows how it goes. */
export function PhoneDialog({ call }: { readonly call: Call }) {
  const phones = call.lazy.phones.value;
  return phones?.open.value === true ? <OpenDialog call={call} phones={phones} /> : null;
}

interface Props {
  readonly phones: PhoneCalling;
}

function OpenDialog({ call, phones }: Props & { readonly call: Call }) {
  const close = () => phones.close();
  useFocusBack();
  useBack(call, true, close);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
  return (
    <section class="panel share phone" role="dialog" aria-label={phoneWords.call} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 class="panel-title">{phoneWords.call}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={close}>
          <Icon node={X} />
        </button>
      </div>
      {phones.progress.value === null ? <Dial phones={phones} /> : <Progress phones={phones} />}
    </section>
  );
}

function Dial({ phones }: Props) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    phones.dial();
    if (phones.problem.peek() !== '') field.current?.focus();
  };
  const problem = phones.problem.value;
  return (
    <form onSubmit={submit} noValidate>
      <label class="phone-who">
        {phoneWords.who}
        <input
          ref={field}
          class="input"
          value={phones.typed.value}
          placeholder={phoneWords.example(phones.host)}
          maxLength={200}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          aria-invalid={problem !== ''}
          aria-describedby="phone-problem"
          onInput={(event) => {
            phones.typed.value = event.currentTarget.value;
          }}
        />
      </label>
      <p id="phone-problem" class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button primary small phone-dial">
        <Icon node={Phone} size={18} />
        {phoneWords.dial}
      </button>
      <p class="secondary phone-note">{phoneWords.note}</p>
    </form>
  );
}

function Progress({ phones }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="phone-progress">
      <span class="phone-ring">
        <Icon node={Phone} size={28} />
      </span>
      <p role="status">
        <bdi>{phoneWords[phones.progress.value ?? 'calling'](phones.who)}</bdi>
      </p>
      <button ref={button} type="button" class="button quiet small danger phone-cancel" onClick={() => phones.close()}>
        <Icon node={PhoneOff} size={18} />
        {phoneWords.cancel}
      </button>
    </div>
  );
}
