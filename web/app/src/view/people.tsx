import { LogOut, X } from 'lucide';
import type { ComponentChildren } from 'preact';
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
            <Away people={people} />
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
        {people.knocking.value.length === 0 && <Away people={people} />}
        {host && <Door people={people} />}
        {host && <HostWays call={call} />}
      </div>
    </aside>
  );
}

/** Says to hosts and co-hosts why their controls do nothing now. */
function Away({ people }: { readonly people: People }) {
  if (!people.away.value || !people.keepsDoor.value) return null;
  return (
    <p class="secondary people-note" role="status">
      {peoplePanelWords.away}
    </p>
  );
}

/** Somebody who waits to be let in: in the panel, or over the stage while it's closed. */
function KnockCard({
  one,
  people,
  words: says,
  children,
}: {
  readonly one: Knocking;
  readonly people: People;
  readonly words: string;
  readonly children?: ComponentChildren;
}) {
  const name = peoplePanelWords.knocks(one.name);
  return (
    <li class="file knock">
      <p class="knock-name">
        <bdi>{says}</bdi>
      </p>
      {children}
      <div class="knock-ways">
        <button
          type="button"
          class="button primary small"
          aria-label={peoplePanelWords.admitName(name)}
          aria-disabled={people.away.value}
          onClick={() => people.admit(one)}
        >
          {peoplePanelWords.admit}
        </button>
        <button
          type="button"
          class="button quiet small"
          aria-label={peoplePanelWords.declineName(name)}
          aria-disabled={people.away.value}
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
          <KnockCard key={one.knock.id} one={one} people={people} words={peoplePanelWords.wants(one.name)}>
            <Away people={people} />
          </KnockCard>
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
        <Sure
          yes={peoplePanelWords.yesRemove}
          disabled={people.away.value}
          onYes={() => people.remove(one.id)}
          onNo={() => setSure(false)}
        />
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

/** Drawn again when the server goes away or wasn't told, which puts the inputs back to the rules in force. */
function Door({ people }: { readonly people: People }) {
  const { entry } = people;
  const [, draw] = useState(0);
  const away = people.away.value;
  const told = (done: boolean) => done || draw((times) => times + 1);
  return (
    <fieldset class="people-door">
      <legend class="people-title">{peoplePanelWords.entry}</legend>
      {peoplePanelWords.entries.map(([each, says]) => (
        <Rule
          key={each}
          radio
          away={away}
          on={entry.value === each}
          set={() => told(people.letIn(each))}
          words={says}
        />
      ))}
      <Rule
        away={away}
        on={people.allowsFiles.value}
        set={(on) => told(people.allowFiles(on))}
        words={peoplePanelWords.files}
      />
      <Rule
        away={away}
        on={people.allowsScreens.value}
        set={(on) => told(people.allowScreens(on))}
        words={peoplePanelWords.screens}
      />
      <Rule
        away={away}
        on={people.allowsHistory.value}
        set={(on) => told(people.allowHistory(on))}
        words={peoplePanelWords.history}
      />
    </fieldset>
  );
}

interface RuleProps {
  readonly radio?: boolean;
  readonly away: boolean;
  readonly on: boolean;
  readonly set: (on: boolean) => void;
  readonly words: string;
}

/** A rule of the room. It's never `disabled`: then it would lose the focus. */
function Rule({ radio = false, away, on, set, words: says }: RuleProps) {
  return (
    <label class="choice">
      <input
        type={radio ? 'radio' : 'checkbox'}
        name={radio ? 'entry' : undefined}
        checked={on}
        aria-disabled={away}
        onChange={(event) => set(event.currentTarget.checked)}
      />
      {says}
    </label>
  );
}

function HostWays({ call }: { readonly call: Call }) {
  const [sure, setSure] = useState(false);
  const { people } = call;
  const away = people.away.value;
  if (sure) {
    return (
      <div class="people-host people-sure">
        <p>{peoplePanelWords.ends}</p>
        <Sure
          yes={peoplePanelWords.yesEnd}
          disabled={away}
          onYes={() => people.endForAll()}
          onNo={() => setSure(false)}
        />
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
      <button
        type="button"
        class="button quiet small danger"
        aria-disabled={away}
        onClick={() => away || setSure(true)}
      >
        <Icon node={LogOut} size={18} />
        {peoplePanelWords.end}
      </button>
    </div>
  );
}
