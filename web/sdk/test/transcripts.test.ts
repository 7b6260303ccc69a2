import { expect, test } from 'vitest';
import type { FromBroker, Hello, ToBroker } from '../src/signalling/protocol.ts';
import { Session, type SessionEffect } from '../src/signalling/session.ts';

const TRANSCRIPTS = import.meta.glob('../../../tests/transcripts/*.txt', {
  query: '?raw',
  import: 'default',
  eager: true,
});

const LINE = /^(?:@([\d.]+)\s+)?([a-z]+)\s+(.*)$/;

/** Somebody of a transcript: the session, and what it has sent and the transcript not yet seen. */
class Actor {
  session: Session | null = null;
  readonly sent: ToBroker[] = [];
  #open = false;

  opens(now: number, { room = 'tea', ...shown }: Partial<Hello>): void {
    if (this.session === null) {
      this.session = new Session(room, null, shown);
      this.#perform(this.session.start(now));
    } else {
      this.#perform(this.session.checkConnection(now)); // the transcript's pauses are longer than the session's
    }
    this.#open = true;
    this.#perform(this.session.opened(now));
  }

  hears(message: FromBroker, now: number): void {
    if (this.session !== null) this.#perform(this.session.receive(message, now));
  }

  isCutOff(now: number): void {
    if (this.#open && this.session !== null) this.#perform(this.session.closed(now, 0.5));
    this.#open = false;
  }

  /** What the person does so that the session sends this, unless it does so by itself. */
  says(message: ToBroker, now: number): void {
    const { session } = this;
    if (this.sent.length > 0 || session === null) return;
    switch (message.type) {
      case 'join':
        this.#perform(session.join(message.name));
        break;
      case 'signal':
        this.#perform(session.signal(message.to, message.data) ?? []);
        break;
      case 'leave':
        this.#perform(session.leave(now));
        break;
      case 'ping':
        this.#perform(session.checkConnection(now));
        break;
      case 'govern':
      case 'admit':
      case 'deny':
      case 'remove':
      case 'appoint':
      case 'ask-mute':
      case 'end':
        this.#perform(session.command(message) ?? []);
        break;
      case 'hello':
      case 'resume':
      case 'pong':
        break; // the session's own affair
    }
  }

  #perform(effects: readonly SessionEffect[]): void {
    for (const effect of effects) if (effect.do === 'send') this.sent.push(effect.message);
  }
}

/** `70 times {..$i..}` written out. */
function repeated(said: string): string[] {
  const [, times, text] = /^(\d+) times (.*)$/.exec(said) ?? [];
  if (times === undefined || text === undefined) return [said];
  return Array.from({ length: Number(times) }, (_, index) => text.replaceAll('$i', String(index + 1)));
}

/** What a person joins with: a pass, a room that is not tea, or its owner key. */
function shownAs(shown: string, value: string): Partial<Hello> {
  switch (shown) {
    case 'with':
      return { pass: value };
    case 'at':
      return { room: value };
    case 'owning': {
      const [room = '', owner = ''] = value.split(' by ');
      return { room, owner };
    }
    default:
      return {};
  }
}

class Play {
  readonly #actors = new Map<string, Actor>();
  #now = 0;

  do(line: string): void {
    const [, at, who = '', rest = ''] = LINE.exec(line) ?? [];
    if (at !== undefined) this.#now = Number(at);
    if (who === 'capacity' || who === 'rooms' || who === 'site') return;
    if (who === 'broker') {
      if (rest === 'restarts') for (const actor of this.#actors.values()) actor.isCutOff(this.#now);
      return;
    }
    this.#doAs(this.#actor(who), rest);
  }

  /** Nothing was sent that the transcript does not have. */
  end(): void {
    for (const [who, actor] of this.#actors) expect(actor.sent, `${who} sent more`).toEqual([]);
  }

  #doAs(actor: Actor, rest: string): void {
    const [, opens, shown = '', value = ''] = /^(opens)(?: (with|at|owning) (.*))?$/.exec(rest) ?? [];
    if (opens !== undefined) actor.opens(this.#now, shownAs(shown, value));
    else if (rest === 'loses' || rest === 'vanishes' || rest.startsWith('< closed')) actor.isCutOff(this.#now);
    else if (rest.startsWith('< ')) actor.hears(JSON.parse(rest.slice(2)) as FromBroker, this.#now);
    else if (rest.startsWith('> ')) {
      for (const text of repeated(rest.slice(2))) {
        const message = JSON.parse(text) as ToBroker;
        actor.says(message, this.#now);
        expect(actor.sent.shift(), rest).toEqual(message);
      }
    } else expect(rest).toBe('waits');
  }

  #actor(who: string): Actor {
    const actor = this.#actors.get(who) ?? new Actor();
    this.#actors.set(who, actor);
    return actor;
  }
}

const played = Object.entries(TRANSCRIPTS)
  .map(([path, text]) => ({ name: path.replace(/^.*\/|\.txt$/g, ''), lines: text.split('\n') }))
  .filter(({ lines }) => !lines.includes('# broker only'));

test.for(played)('the session says what the transcript says: $name', ({ lines }) => {
  const play = new Play();
  for (const line of lines) if (line !== '' && !line.startsWith('#')) play.do(line);
  play.end();
});

test('there are transcripts to play', () => {
  expect(played.length).toBeGreaterThan(8);
});
