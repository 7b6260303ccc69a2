import { Icon } from '@eyeline/app/view/ui/icon';
import { Mark } from '@eyeline/app/view/ui/mark';
import { ArrowLeft, Bell, Check, Copy, Phone as PhoneIcon, Trash2, Video } from 'lucide';
import { useState } from 'preact/hooks';
import type { Contact } from '../model/people';
import type { Phone } from '../model/phone';
import type { Softphone } from '../model/softphone';
import { phoneWords } from '../strings/phone';
import { Face } from './face';
import { Messages } from './messages';

interface Props {
  readonly phone: Phone;
  readonly softphone: Softphone;
}

/** Nobody is chosen: our own address, and how to be reached. */
export function Ready({ phone, softphone }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    phone.platform.copy(softphone.uri).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <section class="phone-ready">
      <Mark connection={softphone.registration.value === 'registered' ? 'direct' : 'looking'} />
      <h1 class="title">{phoneWords.ready[softphone.registration.value]}</h1>
      <p class="lead">{phoneWords.readyLead}</p>
      <p class="phone-address">{softphone.uri}</p>
      <div class="phone-ways">
        <button type="button" class="button quiet small" onClick={copy}>
          <Icon node={copied ? Check : Copy} size={18} />
          <span aria-live="polite">{copied ? phoneWords.copied : phoneWords.copy}</span>
        </button>
        <Notify softphone={softphone} />
      </div>
    </section>
  );
}

function Notify({ softphone }: { readonly softphone: Softphone }) {
  const notifications = softphone.ringing.notifications.value;
  const [refused, setRefused] = useState(false);
  if (notifications === null || !notifications.available) return null;
  return (
    <>
      <button
        type="button"
        class="button quiet small"
        aria-pressed={notifications.on.value}
        onClick={() => void notifications.toggle().then((done) => setRefused(!done))}
      >
        <Icon node={notifications.on.value ? Check : Bell} size={18} />
        {notifications.on.value ? phoneWords.notified : phoneWords.notify}
      </button>
      <p class="problem" role="alert">
        {refused && phoneWords.notNotified}
      </p>
    </>
  );
}

/** One person: call them, and what was said so far. */
export function PersonPage({ phone, softphone, person }: Props & { readonly person: Contact }) {
  const who = { uri: person.uri, name: person.name };
  return (
    <section class="person" aria-label={person.name}>
      <header class="person-head">
        <button
          type="button"
          class="plain person-back"
          aria-label={phoneWords.back}
          onClick={() => softphone.show(null)}
        >
          <Icon node={ArrowLeft} />
        </button>
        <Face name={person.name} online={person.online} />
        <div class="person-words">
          <h1 class="person-name">
            <bdi>{person.name}</bdi>
          </h1>
          <p class="secondary person-address">{phoneWords.about(person.online, person.uri.replace('sip:', ''))}</p>
        </div>
        <div class="person-ways">
          <button
            type="button"
            class="plain"
            aria-label={phoneWords.remove}
            title={phoneWords.remove}
            onClick={() => {
              softphone.show(null);
              softphone.people.remove(person.uri);
            }}
          >
            <Icon node={Trash2} size={20} />
          </button>
          <button
            type="button"
            class="button quiet small"
            aria-label={phoneWords.videoCallSomebody(person.name)}
            onClick={() => softphone.calls.dial(who, true)}
          >
            <Icon node={Video} size={18} />
            <span class="person-way">{phoneWords.videoCall}</span>
          </button>
          <button
            type="button"
            class="button primary small"
            aria-label={phoneWords.callSomebody(person.name)}
            onClick={() => softphone.calls.dial(who, false)}
          >
            <Icon node={PhoneIcon} size={18} />
            <span class="person-way">{phoneWords.call}</span>
          </button>
        </div>
      </header>
      <Messages phone={phone} softphone={softphone} person={person} />
    </section>
  );
}
