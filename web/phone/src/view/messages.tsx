import { Icon } from '@eyeline/app/view/ui/icon';
import { Phone as PhoneIcon, PhoneMissed, Send } from 'lucide';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Contact, Entry } from '../model/people';
import type { Phone } from '../model/phone';
import { longestMessage, type Softphone } from '../model/softphone';
import { phoneWords, when } from '../strings/phone';

interface Props {
  readonly phone: Phone;
  readonly softphone: Softphone;
  readonly person: Contact;
}

/** The messages to and from one person, and the calls between them. */
export function Messages({ phone, softphone, person }: Props) {
  const log = useRef<HTMLDivElement>(null);
  const { entries } = person;
  useLayoutEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [entries.length]);
  useEffect(() => softphone.people.seen(person.uri), [softphone, person.uri, entries]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <div ref={log} class="log" role="log" aria-label={phoneWords.messages} tabIndex={0}>
        {entries.length === 0 ? (
          <p class="log-empty">{phoneWords.noEntries(person.name)}</p>
        ) : (
          <div class="log-lines">
            {entries.map((entry) => (
              <Line key={entry.id} entry={entry} name={person.name} at={when(entry.at, phone.platform.now())} />
            ))}
          </div>
        )}
      </div>
      <Composer softphone={softphone} person={person} />
    </>
  );
}

function Line({ entry, name, at }: { readonly entry: Entry; readonly name: string; readonly at: string }) {
  if (entry.kind === 'call') {
    const missed = !entry.mine && entry.seconds === null;
    return (
      <p class="log-call" data-missed={missed}>
        <Icon node={missed ? PhoneMissed : PhoneIcon} size={16} />
        <span>{phoneWords.entry(entry)}</span>
        <span class="said-at">{at}</span>
      </p>
    );
  }
  return (
    <div class="said" data-mine={entry.mine}>
      <p class="said-by">
        <bdi>{entry.mine ? phoneWords.you : name}</bdi>
        <span class="said-at"> · {at}</span>
      </p>
      <p class="said-box" dir="auto">
        {entry.text}
      </p>
      {entry.sent === 'failed' && <p class="problem">{phoneWords.notSent}</p>}
    </div>
  );
}

function Composer({ softphone, person }: Omit<Props, 'phone'>) {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const send = () => {
    const written = text.trim();
    if (written === '') return;
    void softphone.write({ uri: person.uri, name: person.name }, written);
    setText('');
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-field">
        <textarea
          ref={field}
          class="composer-words"
          rows={1}
          dir="auto"
          maxLength={longestMessage}
          aria-label={phoneWords.message(person.name)}
          placeholder={phoneWords.message(person.name)}
          enterkeyhint="send"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button type="submit" class="send" aria-label={phoneWords.send} aria-disabled={text.trim() === ''}>
          <Icon node={Send} size={20} />
        </button>
      </div>
    </form>
  );
}
