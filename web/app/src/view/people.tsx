import { LogOut, X } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../model/call';
import type { Knocking, People } from '../model/people';
import type { Other } from '../model/person';
import { peoplePanelWords } from '../strings/panels';
import { peopleWords } from '../strings/people';
import { words } from '../strings/strings';
import { OwnRow, PersonRow } from './person-row';
import { Icon } from './ui/icon';
import { Sure } from './ui/sure';

/** The people panel: who is here, who is waiting, and the host's controls. */
export function PeoplePanel({ call, onClose }: { readonly call: Call; readonly onClose: () => void }) {
  const { people } = call;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  const host = people.role.value === 'host';
  return (
    <aside class="chat files people-panel" aria-label={peoplePanelWords.heading} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 ref={heading} tabIndex={-1} class="panel-title">
          {peoplePanelWords.heading}
        </h2>
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      <div class="files-list">
        {people.knocking.value.length > 0 && (
          <section>
            <h3 class="people-title">{peoplePanelWords.door}</h3>
            <ul class="files-cards">
              {people.knocking.value.map((one) => (
                <KnockCard key={one.knock.id} one={one} people={people} words={peoplePanelWords.knocks(one.name)} />
              ))}
            </ul>
          </section>
        )}
        <section>
          <h3 class="people-title">{peoplePanelWords.inside}</h3>
          <ul class="people-list">
            <OwnRow call={call} />
            {call.others.value.map((one) => (
              <PersonRow key={one.id} call={call} one={one} />
            ))}
          </ul>
        </section>
        {host && <Door people={people} />}
        {host && <HostWays call={call} />}
      </div>
    </aside>
  );
}

/** Somebody who waits to be let in: in the panel, or over the stage while it's closed. */
function KnockCard({
  one,
  people,
  words: says,
}: {
  readonly one: Knocking;
  readonly people: People;
  readonly words: string;
}) {
  const name = peoplePanelWords.knocks(one.name);
  return (
    <li class="file knock">
      <p class="knock-name">
        <bdi>{says}</bdi>
      </p>
      <div class="knock-ways">
        <button
          type="button"
          class="button primary small"
          aria-label={peoplePanelWords.admitName(name)}
          onClick={() => people.admit(one)}
        >
          {peoplePanelWords.admit}
        </button>
        <button
          type="button"
          class="button quiet small"
          aria-label={peoplePanelWords.declineName(name)}
          onClick={() => people.deny(one)}
        >
          {peoplePanelWords.decline}
        </button>
      </div>
    </li>
  );
}

/** People who wait to be let in, shown over the stage to hosts whose panel is closed. */
export function Knocks({ call }: { readonly call: Call }) {
  const { people } = call;
  const all = people.knocking.value;
  const waiting = all.slice(0, 1);
  if (waiting.length === 0) return null;
  return (
    <section class="asks" aria-label={peopleWords.waiting(all.length)} aria-live="polite">
      <ul class="files-cards">
        {waiting.map((one) => (
          <KnockCard key={one.knock.id} one={one} people={people} words={peoplePanelWords.wants(one.name)} />
        ))}
      </ul>
      {all.length > 1 && (
        <button type="button" class="button small knocks-more" onClick={() => call.showPanel('people')}>
          {peoplePanelWords.more(all.length - 1)}
        </button>
      )}
    </section>
  );
}

/** People who keep sending more than we take, shown over the stage. */
export function Floods({ call }: { readonly call: Call }) {
  const flooding = call.others.value.filter((one) => one.flooding.value);
  if (flooding.length === 0) return null;
  return (
    <ul class="asks floods files-cards" aria-live="polite">
      {flooding.map((one) => (
        <FloodCard key={one.id} one={one} call={call} />
      ))}
    </ul>
  );
}

function FloodCard({ one, call }: { readonly one: Other; readonly call: Call }) {
  const [sure, setSure] = useState(false);
  const { people } = call;
  return (
    <li class="file knock">
      <p class="knock-name">{sure ? peoplePanelWords.removes(one.name) : peoplePanelWords.floods(one.name)}</p>
      {sure ? (
        <Sure yes={peoplePanelWords.yesRemove} onYes={() => people.remove(one.id)} onNo={() => setSure(false)} />
      ) : (
        <div class="knock-ways">
          <button
            type="button"
            class="button quiet small"
            aria-label={peoplePanelWords.ignoreName(one.name)}
            onClick={() => call.ignore(one.id)}
          >
            {peoplePanelWords.ignore}
          </button>
          {people.mayRemove(one.role.value) && (
            <button
              type="button"
              class="button quiet small danger"
              aria-label={peoplePanelWords.remove(one.name)}
              onClick={() => setSure(true)}
            >
              {peoplePanelWords.yesRemove}
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function Door({ people }: { readonly people: People }) {
  return (
    <fieldset class="people-door">
      <legend class="people-title">{peoplePanelWords.entry}</legend>
      {peoplePanelWords.entries.map(([entry, says]) => (
        <label key={entry} class="choice">
          <input
            type="radio"
            name="entry"
            checked={people.entry.value === entry}
            onChange={() => people.letIn(entry)}
          />
          {says}
        </label>
      ))}
      <label class="choice">
        <input
          type="checkbox"
          checked={people.allowsFiles.value}
          onChange={(event) => people.allowFiles(event.currentTarget.checked)}
        />
        {peoplePanelWords.files}
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={people.allowsScreens.value}
          onChange={(event) => people.allowScreens(event.currentTarget.checked)}
        />
        {peoplePanelWords.screens}
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={people.allowsHistory.value}
          onChange={(event) => people.allowHistory(event.currentTarget.checked)}
        />
        {peoplePanelWords.history}
      </label>
    </fieldset>
  );
}

function HostWays({ call }: { readonly call: Call }) {
  const [sure, setSure] = useState(false);
  const { people } = call;
  if (sure) {
    return (
      <div class="people-host people-sure">
        <p>{peoplePanelWords.ends}</p>
        <Sure yes={peoplePanelWords.yesEnd} onYes={() => people.endForAll()} onNo={() => setSure(false)} />
      </div>
    );
  }
  return (
    <div class="people-host">
      {people.hostLink !== null && (
        <>
          <button type="button" class="button quiet small" onClick={() => void call.copyHostLink()}>
            {peoplePanelWords.link}
          </button>
          <p class="secondary people-note">{peoplePanelWords.linkNote}</p>
        </>
      )}
      <button type="button" class="button quiet small danger" onClick={() => setSure(true)}>
        <Icon node={LogOut} size={18} />
        {peoplePanelWords.end}
      </button>
    </div>
  );
}
