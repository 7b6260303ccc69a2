import { describe, expect, test } from 'vitest';
import type { Code, FromBroker, Joined, Signal, ToBroker } from '../src/protocol.ts';
import { type News, Session, type SessionEffect } from '../src/session.ts';

const HELLO: ToBroker = { type: 'hello', room: 'tea' };
const JOIN: ToBroker = { type: 'join', name: 'Alice' };

function joined(more: Partial<Joined> = {}): Joined {
  const members = [{ id: 'alice-0001', name: 'Alice', order: 1 }];
  const roster = { type: 'roster', version: 1, members, complete: true } as const;
  return {
    type: 'joined',
    you: 'alice-0001',
    roster,
    iceServers: [],
    resume: 't',
    seatSeconds: 30,
    heard: 0,
    gap: false,
    ...more,
  };
}

function refused(code: Code): FromBroker {
  return { type: 'refused', code, message: code };
}

function signal(n: number): Signal {
  return { type: 'signal', to: 'bob-0001', n, data: `word ${n}` };
}

function sent(effects: readonly SessionEffect[] | null): ToBroker[] {
  return (effects ?? []).flatMap((effect) => (effect.do === 'send' ? [effect.message] : []));
}

function told(effects: readonly SessionEffect[]): News[] {
  return effects.flatMap((effect) => (effect.do === 'tell' ? [effect.news] : []));
}

/** Alice in the lobby of the room, at second 0. */
function visiting(): Session {
  const session = new Session('tea');
  session.start(0);
  session.opened(0);
  return session;
}

/** Alice with a seat, at second 0. */
function seated(): Session {
  const session = visiting();
  session.join('Alice');
  session.receive(joined(), 0);
  return session;
}

/** Says `word 1`, `word 2` ... to Bob, and gives what was sent. */
function speak(session: Session, words: number): ToBroker[] {
  return Array.from({ length: words }, (_, n) => sent(session.signal('bob-0001', `word ${n + 1}`))).flat();
}

/** Cuts the socket and opens the next; what it says first. */
function reopen(session: Session, now: number): ToBroker[] {
  session.closed(now, 0.5);
  session.hurry(now);
  return sent(session.opened(now));
}

describe('coming in', () => {
  test('it looks in, and joins when asked', () => {
    const session = new Session('tea');

    expect(session.start(0)).toEqual([{ do: 'connect' }]);
    expect(sent(session.opened(0))).toEqual([HELLO]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
  });

  test('asked before the socket is open, it joins at once when it is', () => {
    const session = new Session('tea');
    session.start(0);

    expect(session.join('Alice')).toEqual([]);
    expect(sent(session.opened(0))).toEqual([HELLO, JOIN]);
  });

  test('it joins once, however often it is asked', () => {
    const session = visiting();
    session.join('Alice');
    expect(session.join('Alice')).toEqual([]);
    session.receive(joined(), 0);
    expect(session.join('Alice')).toEqual([]);
  });

  test('a page that was loaded anew takes up its seat, and counts on', () => {
    const session = new Session('tea', { token: 't', name: 'Alice', heard: 7 });
    session.start(0);

    expect(sent(session.opened(0))).toEqual([{ type: 'resume', token: 't', name: 'Alice', heard: 7 }]);
    session.receive(joined({ heard: 4 }), 0);
    expect(sent(session.signal('bob-0001', 'word 5'))).toEqual([signal(5)]);
  });

  test('an attempt to connect that takes more than 8 seconds is given up', () => {
    const session = new Session('tea');
    session.start(10);

    expect(session.nextWake()).toBe(18);
    expect(session.wake(18)).toEqual([{ do: 'close' }, { do: 'tell', news: { news: 'state', state: 'away' } }]);
  });
});

describe('backoff', () => {
  test.for([
    [0, [0.1, 0.25, 0.5, 1, 2, 4, 4, 4]],
    [0.5, [0.2, 0.5, 1, 2, 4, 8, 8, 8]],
    [1, [0.3, 0.75, 1.5, 3, 6, 12, 12, 12]],
  ] as const)('with chance %d the pauses are %j seconds', ([chance, pauses]) => {
    const session = new Session('tea');
    session.start(100);
    for (const pause of pauses) {
      session.closed(100, chance);
      expect(session.nextWake()).toBeCloseTo(100 + pause);
      session.hurry(100);
    }
  });

  test('it begins anew once the broker has answered', () => {
    const session = visiting();
    for (let n = 0; n < 5; n++) reopen(session, 0);
    session.receive({ type: 'welcome', roster: joined().roster, capacity: 4, iceServers: [] }, 0);
    session.closed(0, 0.5);

    expect(session.nextWake()).toBeCloseTo(0.2);
  });

  test('a socket that opens and is closed without an answer does not count as one', () => {
    const session = visiting();
    for (let n = 0; n < 5; n++) reopen(session, 0);
    session.closed(0, 0.5);

    expect(session.nextWake()).toBe(8);
  });

  test('it connects when the pause is over, not before', () => {
    const session = seated();
    session.closed(10, 0.5);

    expect(session.wake(10.19)).toEqual([]);
    expect(session.wake(10.2)).toEqual([{ do: 'connect' }]);
  });

  test.for([
    [0, 1],
    [0.5, 2],
    [1, 3],
  ] as const)('after a goodbye for 2 seconds and with chance %d it comes back after %d', ([chance, pause]) => {
    const session = seated();
    session.receive({ type: 'goodbye', backInMs: 2000 }, 10);
    session.closed(10, chance);

    expect(session.nextWake()).toBe(10 + pause);
  });

  test('the time of a goodbye holds once', () => {
    const session = seated();
    session.receive({ type: 'goodbye', backInMs: 2000 }, 0);
    reopen(session, 10);
    session.closed(20, 0.5);

    expect(session.nextWake()).toBe(20.5);
  });
});

describe('silence', () => {
  test('it asks after 11 seconds, and gives the socket up after 15', () => {
    const session = seated();

    expect(session.nextWake()).toBe(11);
    expect(session.wake(10.9)).toEqual([]);
    expect(session.wake(11)).toEqual([{ do: 'send', message: { type: 'ping' } }]);
    expect(session.wake(11)).toEqual([]);
    expect(session.nextWake()).toBe(15);
    expect(session.wake(15)[0]).toEqual({ do: 'close' });
    expect(session.nextWake()).toBeCloseTo(15.1);
  });

  test('anything that comes ends the silence', () => {
    const session = seated();
    session.wake(11);
    session.receive({ type: 'pong' }, 12);

    expect(session.nextWake()).toBe(23);
    expect(session.wake(15)).toEqual([]);
  });

  test('it answers when asked', () => {
    expect(sent(seated().receive({ type: 'ping' }, 10))).toEqual([{ type: 'pong' }]);
  });

  test('when the network is back it asks at once, and waits 4 seconds', () => {
    const session = seated();

    expect(sent(session.hurry(5))).toEqual([{ type: 'ping' }]);
    expect(session.hurry(6)).toEqual([]);
    expect(session.nextWake()).toBe(9);
  });

  test('a socket that spoke within the last second is not asked', () => {
    expect(seated().hurry(0.9)).toEqual([]);
  });

  test('when the network is back it waits for no backoff', () => {
    const session = seated();
    session.closed(0, 1);

    expect(session.hurry(0)).toEqual([{ do: 'connect' }]);
    expect(session.hurry(0)).toEqual([]);
  });
});

describe('coming back', () => {
  test('it shows the newest token, its name and what it has heard', () => {
    const session = seated();
    session.receive({ type: 'signalled', from: 'bob-0001', n: 1, data: 'x' }, 1);
    session.receive({ type: 'signalled', from: 'bob-0001', n: 2, data: 'y' }, 1);

    expect(session.ticket).toEqual({ token: 't', name: 'Alice', heard: 2 });
    expect(reopen(session, 2)).toEqual([{ type: 'resume', token: 't', name: 'Alice', heard: 2 }]);
  });

  test('under another name, if it was given one meanwhile', () => {
    const session = seated();
    session.closed(1, 0.5);
    session.join('Alicia');
    session.hurry(1);

    expect(sent(session.opened(1))).toEqual([{ type: 'resume', token: 't', name: 'Alicia', heard: 0 }]);
  });

  test('what the broker has not heard is said again, in order, and nothing else', () => {
    const session = seated();
    expect(speak(session, 3)).toEqual([signal(1), signal(2), signal(3)]);
    reopen(session, 1);

    expect(sent(session.receive(joined({ heard: 1 }), 1))).toEqual([signal(2), signal(3)]);
  });

  test('what is said while away is kept until the seat is ours again', () => {
    const session = seated();
    session.closed(1, 0.5);
    expect(speak(session, 2)).toEqual([]);
    session.hurry(1);
    session.opened(1);

    expect(sent(session.receive(joined(), 1))).toEqual([signal(1), signal(2)]);
    expect(sent(session.signal('bob-0001', 'word 3'))).toEqual([signal(3)]);
  });

  test('what is said before the broker has answered waits for the answer', () => {
    const session = seated();
    reopen(session, 1);

    expect(speak(session, 1)).toEqual([]);
    expect(sent(session.receive(joined(), 1))).toEqual([signal(1)]);
  });

  test('what is said while a new seat is asked for was meant for the old one, and is dropped', () => {
    const session = seated();
    reopen(session, 1);
    session.receive(refused('seat-gone'), 1);
    speak(session, 1);

    expect(sent(session.receive(joined(), 1))).toEqual([]);
  });

  test('signals are on their way before the room is told that it is back', () => {
    const session = seated();
    speak(session, 1);
    reopen(session, 1);

    expect(session.receive(joined(), 1).map((effect) => effect.do)).toEqual(['send', 'tell']);
  });

  test('after a gap old signals are dropped, and it counts on from what was heard', () => {
    const session = seated();
    speak(session, 2);
    reopen(session, 1);

    expect(sent(session.receive(joined({ gap: true }), 1))).toEqual([]);
    expect(sent(session.signal('bob-0001', 'word 1'))).toEqual([signal(1)]);
  });

  test.for([
    [64, 64, false],
    [65, 0, true],
  ] as const)('of %d signals that the broker missed %d are said again, and a gap is told: %s', ([said, again, gap]) => {
    const session = seated();
    session.closed(1, 0.5);
    speak(session, said);
    session.hurry(1);
    session.opened(1);

    const effects = session.receive(joined(), 1);
    expect(sent(effects)).toHaveLength(again);
    expect(told(effects)).toMatchObject([{ news: 'joined', joined: { gap } }]);
    expect(sent(session.signal('bob-0001', `word ${again + 1}`))).toEqual([signal(again + 1)]);
  });

  test.for([
    ['61,441 characters', 'x'.repeat(61_441)],
    ['64 KiB with its escapes', '"'.repeat(40_000)],
    ['64 KiB of UTF-8', 'é'.repeat(40_000)],
  ] as const)('a signal of more than the broker takes is not said, now or later: %s', ([, data]) => {
    const session = seated();

    expect(session.signal('bob-0001', data)).toBeNull();
    reopen(session, 1);
    expect(sent(session.receive(joined(), 1))).toEqual([]);
    expect(sent(session.signal('bob-0001', 'word 1'))).toEqual([signal(1)]);
  });

  test('a signal that comes twice is told once', () => {
    const session = seated();
    const signalled = { type: 'signalled', from: 'bob-0001', n: 1, data: 'x' } as const;

    expect(told(session.receive(signalled, 1))).toEqual([{ news: 'signalled', signalled }]);
    expect(session.receive(signalled, 1)).toEqual([]);
  });

  test('it tells a seat that it had from a new one', () => {
    const session = seated();
    reopen(session, 1);
    expect(told(session.receive(joined(), 1))).toMatchObject([{ news: 'joined', resumed: true }]);
    reopen(session, 2);
    session.receive(refused('seat-gone'), 2);
    expect(told(session.receive(joined({ you: 'alice-0002' }), 2))).toMatchObject([{ news: 'joined', resumed: false }]);
  });

  test('if the seat is gone it joins anew, and forgets what it said and heard in the old one', () => {
    const session = seated();
    speak(session, 1);
    session.receive({ type: 'signalled', from: 'bob-0001', n: 5, data: 'x' }, 1);
    reopen(session, 2);

    expect(session.receive(refused('seat-gone'), 2).map((effect) => effect.do)).toEqual(['send', 'send']);
    expect(session.ticket).toBeNull();
    expect(sent(session.receive(joined({ resume: 'u' }), 2))).toEqual([]);
    expect(session.ticket).toEqual({ token: 'u', name: 'Alice', heard: 0 });
  });
});

describe('refusals', () => {
  test('in the lobby a full room is told, and one can ask again', () => {
    const session = visiting();
    session.join('Alice');

    expect(told(session.receive(refused('room-full'), 0))).toMatchObject([{ news: 'refused', code: 'room-full' }]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
  });

  test('one who was refused is not pushed in by the next socket', () => {
    const session = visiting();
    session.join('Alice');
    session.receive(refused('room-full'), 0);

    expect(reopen(session, 1)).toEqual([HELLO]);
  });

  test('a room name that the broker does not take is told', () => {
    expect(told(visiting().receive(refused('invalid'), 0))).toMatchObject([{ news: 'refused', code: 'invalid' }]);
  });

  test('coming back to a full room is the end', () => {
    const session = seated();
    reopen(session, 1);

    expect(session.receive(refused('room-full'), 1)).toEqual([
      { do: 'close' },
      { do: 'tell', news: { news: 'over', code: 'room-full', message: 'room-full' } },
    ]);
    expect(session.closed(1, 0)).toEqual([]);
  });

  test('one who was replaced is out, keeps no ticket and does not come back', () => {
    const session = seated();

    expect(told(session.receive(refused('replaced'), 1))).toMatchObject([{ news: 'over', code: 'replaced' }]);
    expect(session.ticket).toBeNull();
    expect(session.closed(1, 0)).toEqual([]);
    expect(session.nextWake()).toBeNull();
  });

  test.for(['no-such-peer', 'invalid', 'malformed', 'out-of-turn'] as const)(
    'inside, a signal that was refused as %s changes nothing',
    (code) => {
      const session = seated();

      expect(session.receive(refused(code), 1)).toEqual([]);
      expect(session.ticket).not.toBeNull();
    },
  );

  test.for(['hello-late', 'too-fast', 'too-slow', 'silent', 'too-large'] as const)(
    'one who was closed on as %s while coming back tries again',
    (code) => {
      const session = seated();
      reopen(session, 1);

      expect(session.receive(refused(code), 6)).toEqual([]);
      expect(reopen(session, 6)).toEqual([{ type: 'resume', token: 't', name: 'Alice', heard: 0 }]);
    },
  );

  test('one who was closed on while joining joins by the next socket', () => {
    const session = visiting();
    session.join('Alice');
    session.receive(refused('hello-late'), 5);

    expect(reopen(session, 5)).toEqual([HELLO, JOIN]);
  });
});

describe('leaving', () => {
  test('it says so, closes, and is over', () => {
    const session = seated();

    expect(session.leave(0)).toEqual([{ do: 'send', message: { type: 'leave' } }, { do: 'close' }]);
    expect(session.closed(1, 0)).toEqual([]);
    expect([session.nextWake(), session.ticket]).toEqual([null, null]);
  });

  test('without a seat or a socket it only stops trying', () => {
    const session = visiting();
    session.closed(1, 0);

    expect(session.leave(1)).toEqual([{ do: 'close' }]);
    expect(session.nextWake()).toBeNull();
  });

  test('a seat that was left while the broker was away is given up as soon as it is back', () => {
    const session = seated();
    session.closed(1, 0.5);

    expect(session.leave(1)).toEqual([]);
    expect(session.wake(1.2)).toEqual([{ do: 'connect' }]);
    expect(sent(session.opened(1.3))).toEqual([
      { type: 'resume', token: 't', name: 'Alice', heard: 0 },
      { type: 'leave' },
    ]);
    expect([session.over, session.ticket, session.nextWake()]).toEqual([true, null, null]);
  });

  test('after 30 seconds the broker has given it up by itself, and nothing is tried any more', () => {
    const session = seated();
    session.closed(1, 0.5);
    session.leave(1);
    for (let now = 1; now < 31; now += 4) {
      session.hurry(now);
      session.closed(now, 0.5);
    }
    expect(session.over).toBe(false);
    session.hurry(31);

    expect(session.closed(31, 0.5)).toEqual([]);
    expect([session.over, session.nextWake()]).toEqual([true, null]);
  });

  test('a seat that comes after one no longer wishes for it is given back, and the lobby goes on', () => {
    const session = visiting();
    session.join('Alice');
    session.unjoin();

    const effects = session.receive(joined(), 1);
    expect(sent(effects)).toEqual([{ type: 'leave' }]);
    expect(told(effects)).toEqual([{ news: 'state', state: 'away' }]);
    session.hurry(1);
    expect(sent(session.opened(1))).toEqual([HELLO]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
    expect(told(session.receive(joined(), 1))).toMatchObject([{ news: 'joined' }]);
  });

  test('one who asks again under another name while the answer is on its way gets the seat under that', () => {
    const session = visiting();
    session.join('Alice');
    session.unjoin();
    session.join('Alicia');
    session.receive(joined(), 1);
    session.hurry(1);

    expect(sent(session.opened(1))).toEqual([HELLO, { type: 'join', name: 'Alicia' }]);
  });

  test('one who no longer wishes to join is not joined by the next socket', () => {
    const session = new Session('tea');
    session.start(0);
    session.join('Alice');
    session.unjoin();

    expect(sent(session.opened(0))).toEqual([HELLO]);
  });

  test('a seat that one has is not given up by no longer wishing for one', () => {
    const session = seated();
    session.unjoin();

    expect(session.ticket).not.toBeNull();
  });
});

test('new credentials are passed on while the seat is held', () => {
  const iceServers = [{ urls: ['turn:example.org'], username: 'later', credential: 'x' }];
  const effects = seated().receive({ type: 'ice-servers', iceServers }, 300);
  expect(told(effects)).toEqual([{ news: 'ice-servers', iceServers }]);
});
