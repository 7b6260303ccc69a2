import type { VerdictCode } from '@eyeline/sdk';
import { Mic, MicOff, VolumeX } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../model/call';
import { phaseOf } from '../../model/connection-phase';
import { initials } from '../../model/name';
import type { Person } from '../../model/person';
import type { Box } from '../../model/stage/layout';
import { verdictTexts } from '../../model/verdict-texts';
import { peopleWords } from '../../strings/people';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { ConnectionBadge } from './connection-badge';
import { useLate } from './late';
import { SelfViewDrag } from './self-view-drag';
import { useTileAnimation } from './tile-animation';
import { Video } from './video';

interface Props {
  readonly call: Call;
  readonly person: Person;
  readonly box: Box;
  /** One of a grid, the one that fills the stage, or your own small window over it. */
  readonly role: 'grid' | 'big' | 'small';
  /** What is said of the person beside their name, loaded later. */
  readonly besideName: ComponentChildren;
  /** Buttons on it, loaded later. */
  readonly children: ComponentChildren;
}

/** One person: video or avatar, name, and the state of the connection. */
export function Tile({ call, person, box, role, besideName, children }: Props) {
  const ref = useRef<HTMLLIElement>(null);
  const { shape } = call.stage.layout.value;
  const drag = role === 'small' ? call.stage.drag.value : null;
  const placed = { ...box, x: box.x + (drag?.x ?? 0), y: box.y + (drag?.y ?? 0) };
  useTileAnimation(ref, placed, shape, drag !== null);
  const media = person.media.value;
  const connection = person.connection?.value ?? null;
  const looking = connection !== null && phaseOf(connection) === 'looking';
  const late = useLate(looking);
  const limits = person.mine && role === 'grid' ? peopleWords.limits(call.permissions.value) : ''; // the small window has no room
  const says = looking ? words.stage[late ? 'silent' : 'connecting'](person.name) : limits;
  const onSilence = useCallback((play: () => void) => call.silenced(person.id, play), [call, person.id]);
  return (
    <li
      ref={ref}
      class="tile"
      onDblClick={(event) => enlarge(event, call, person)}
      data-person={person.mine || call.others.value.length < 2 ? undefined : person.id}
      data-role={role}
      data-speaking={isHeard(person)}
      data-pinned={call.stage.pinned.value === person}
      data-connection={connection?.state}
      style={{ left: `${placed.x}px`, top: `${placed.y}px`, width: `${box.width}px`, height: `${box.height}px` }}
    >
      <Avatar person={person} says={says} />
      <Video
        stream={person.stream.value}
        mine={person.mine}
        muted={person.mine || person.mutedForMe?.value === true}
        mirrored={person.mirrored.value}
        hidden={media.camera !== 'on'}
        box={box}
        {...(person.mine ? {} : { onSilence })}
        onSize={(size) => call.stage.sized(person.id, size)}
      />
      {connection !== null && connection.verdict !== null ? (
        <Blocked call={call} person={person} verdict={connection.verdict} />
      ) : (
        connection?.state === 'lost' && (
          <p class="tile-lost">
            <span>{words.lostPerson(person.name)}</span>
          </p>
        )
      )}
      <NamePill person={person}>{besideName}</NamePill>
      {connection !== null && <ConnectionBadge call={call} person={person} connection={connection} />}
      {role === 'small' && <SelfViewDrag stage={call.stage} />}
      {children}
    </li>
  );
}

/** A double click pins somebody else. Of two people, where that does nothing, it shows the call full screen. */
function enlarge({ target }: Event, call: Call, { id, mine }: Person): void {
  if (mine || (target instanceof Element && target.closest('button') !== null)) return;
  if (call.stage.pins.peek()) call.stage.pin(id);
  else call.lazy.view.peek()?.toggleFullScreen();
}

/** No connection: why, what to do, and a button to try again. */
function Blocked({ call, person, verdict }: Pick<Props, 'call' | 'person'> & { readonly verdict: VerdictCode }) {
  const [texts, setTexts] = useState<Awaited<ReturnType<typeof verdictTexts>> | null>(null);
  useEffect(() => {
    let gone = false;
    verdictTexts().then(
      (loaded) => gone || setTexts(loaded),
      () => undefined, // the server is away: there is the button all the same
    );
    return () => {
      gone = true;
    };
  }, []);
  return (
    <div class="tile-lost blocked">
      <p class="blocked-who">{words.unconnected(person.name)}</p>
      <p>{texts?.VERDICTS[verdict].message}</p>
      <p class="blocked-way">{texts?.VERDICTS[verdict].visitor}</p>
      <button
        type="button"
        class="button quiet small"
        aria-label={`${words.again}: ${person.name}`}
        onClick={() => call.retry(person.id)}
      >
        {words.again}
      </button>
    </div>
  );
}

function isHeard({ speaking, media, connection }: Person): boolean {
  return speaking.value && media.value.microphone === 'on' && connection?.value.state !== 'lost';
}

/** Shown while there is no video, which covers it with its first frame. */
function Avatar({ person, says }: { readonly person: Person; readonly says: string }) {
  return (
    <div class="standin" aria-hidden="true">
      <span class="standin-ring">{initials(person.name)}</span>
      <span class="standin-words">{says}</span>
    </div>
  );
}

/** Three moving bars: this person is speaking. */
function Voice() {
  return (
    <span class="voice" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}

function NamePill({ person, children }: { readonly person: Person; readonly children: ComponentChildren }) {
  const { microphone, camera } = person.media.value;
  const speaking = isHeard(person);
  const mutedForMe = person.mutedForMe?.value === true;
  const icon = mutedForMe ? VolumeX : microphone === 'on' ? Mic : MicOff;
  return (
    <p class="pill name" data-muted={microphone !== 'on'}>
      {speaking && !mutedForMe ? <Voice /> : <Icon node={icon} size={16} />}
      <bdi class="name-words">{person.mine ? words.stage.you : person.name}</bdi>
      <span class="unseen">
        {microphone !== 'on' && `, ${words.stage.muted}`}
        {mutedForMe && `, ${words.stage.mutedForMe}`}
        {camera !== 'on' && `, ${words.stage.noCamera}`}
      </span>
      {children}
    </p>
  );
}
