import { words } from '@eyeline/app/strings/strings';
import { Icon } from '@eyeline/app/view/ui/icon';
import { Mark } from '@eyeline/app/view/ui/mark';
import { LogOut, Phone as PhoneIcon, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from 'lucide';
import type { Contact } from '../model/people';
import type { Phone } from '../model/phone';
import type { Softphone } from '../model/softphone';
import { phoneWords, when } from '../strings/phone';
import { Face } from './face';

interface Props {
  readonly phone: Phone;
  readonly softphone: Softphone;
}

/** Who we are, whom to call, and the people of the last calls. */
export function List({ phone, softphone }: Props) {
  const registration = softphone.registration.value;
  const connection = { connecting: 'looking', registered: 'direct', away: 'lost' } as const;
  const people = softphone.people.list.value;
  return (
    <aside class="phone-list" aria-label={phoneWords.people}>
      <header class="phone-head">
        <a class="brand" href={phone.platform.url}>
          <Mark />
          {words.product}
        </a>
        <button
          type="button"
          class="plain"
          aria-label={phoneWords.signOut}
          title={phoneWords.signOut}
          onClick={() => phone.signOut()}
        >
          <Icon node={LogOut} size={20} />
        </button>
      </header>
      <div class="phone-self">
        <h2 class="phone-user">
          <bdi>{softphone.user}</bdi>
        </h2>
        <p class="phone-status" role="status">
          <Mark connection={softphone.calls.busy.value ? 'relayed' : connection[registration]} />
          {softphone.calls.busy.value && registration === 'registered'
            ? phoneWords.busyOn
            : phoneWords.registration[registration]}
        </p>
        <label class="choice">
          <input
            type="checkbox"
            checked={softphone.calls.busy.value}
            onChange={(event) => {
              softphone.calls.busy.value = event.currentTarget.checked;
            }}
          />
          {phoneWords.busy}
        </label>
      </div>
      <Dial phone={phone} softphone={softphone} />
      <h2 class="phone-heading">{phoneWords.people}</h2>
      {people.length === 0 && <p class="secondary phone-nobody">{phoneWords.nobody}</p>}
      <ul class="phone-people">
        {people.map((contact) => (
          <Row key={contact.uri} phone={phone} softphone={softphone} contact={contact} />
        ))}
      </ul>
    </aside>
  );
}

function Dial({ phone, softphone }: Props) {
  const wrong = softphone.badAddress.value;
  const call = (video: boolean) => {
    const to = softphone.find(phone.dialled.peek());
    if (to === null) return;
    phone.dialled.value = '';
    void softphone.calls.dial(to, video);
  };
  return (
    <form
      class="phone-dial"
      onSubmit={(event) => {
        event.preventDefault();
        call(false);
      }}
    >
      <div class="code-field">
        <input
          class="code-input"
          type="text"
          inputMode="email"
          aria-label={phoneWords.dial}
          placeholder={phoneWords.dial}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          aria-invalid={wrong !== null}
          aria-describedby="dial-problem"
          value={phone.dialled.value}
          onInput={(event) => {
            phone.dialled.value = event.currentTarget.value;
            softphone.badAddress.value = null;
          }}
        />
        <button
          type="button"
          class="plain"
          aria-label={phoneWords.dialVideo}
          title={phoneWords.dialVideo}
          onClick={() => call(true)}
        >
          <Icon node={Video} size={20} />
        </button>
        <button type="submit" class="phone-go" aria-label={phoneWords.dialNow} title={phoneWords.dialNow}>
          <Icon node={PhoneIcon} size={20} />
        </button>
      </div>
      <p id="dial-problem" class="problem" role="alert">
        {wrong !== null && phoneWords.badAddress[wrong]}
      </p>
    </form>
  );
}

function Row({ phone, softphone, contact }: Props & { readonly contact: Contact }) {
  const chosen = softphone.open.value === contact.uri;
  const last = contact.entries.at(-1);
  const who = { uri: contact.uri, name: contact.name };
  return (
    <li class="phone-row" data-chosen={chosen}>
      <button
        type="button"
        class="phone-row-open"
        aria-current={chosen ? 'true' : undefined}
        onClick={() => softphone.show(contact.uri)}
      >
        <Face name={contact.name} online={contact.online} />
        <span class="phone-row-words">
          <span class="phone-row-name">
            <bdi>{contact.name}</bdi>
            {contact.unread > 0 && <span class="phone-row-new">{phoneWords.unread(contact.unread)}</span>}
          </span>
          <span class="phone-row-last">
            <Last contact={contact} />
            {last !== undefined && <span class="phone-row-at">{when(last.at, phone.platform.now())}</span>}
          </span>
        </span>
        {contact.online === true && last !== undefined && <span class="unseen">{phoneWords.online}</span>}
      </button>
      <button
        type="button"
        class="plain"
        aria-label={phoneWords.callSomebody(contact.name)}
        onClick={() => softphone.calls.dial(who, false)}
      >
        <Icon node={PhoneIcon} size={20} />
      </button>
    </li>
  );
}

/** The last message or call, or else whether they are online. */
function Last({ contact: { entries, online } }: { readonly contact: Contact }) {
  const last = entries.at(-1);
  if (last === undefined) return <bdi>{online === null ? '' : online ? phoneWords.online : phoneWords.offline}</bdi>;
  if (last.kind === 'message') return <bdi>{last.text}</bdi>;
  const missed = !last.mine && last.seconds === null && last.why !== 'elsewhere';
  return (
    <span class="phone-row-call" data-missed={missed}>
      <Icon node={missed ? PhoneMissed : last.mine ? PhoneOutgoing : PhoneIncoming} size={14} />
      <span class="unseen">{phoneWords.direction(last.mine)}</span>
      {phoneWords.outcome(last)}
    </span>
  );
}
