import { describe, expect, test } from 'vitest';
import { Session } from '../src/signalling/session.ts';
import { HELLO, JOIN, joined, refused, reopen, seated, sent, signal, speak, told, visiting } from './member.ts';

describe('joining', () => {
  test('looks into the room, and joins when asked', () => {
    const session = new Session('tea');

    expect(session.start(0)).toEqual([{ do: 'connect' }]);
    expect(sent(session.opened(0))).toEqual([HELLO]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
  });

  test('asked before the socket is open, joins as soon as it is', () => {
    const session = new Session('tea');
    session.start(0);

    expect(session.join('Alice')).toEqual([]);
    expect(sent(session.opened(0))).toEqual([HELLO, JOIN]);
  });

  test('joins once, however often it is asked', () => {
    const session = visiting();
    session.join('Alice');
    expect(session.join('Alice')).toEqual([]);
    session.receive(joined(), 0);
    expect(session.join('Alice')).toEqual([]);
  });

  test('a reloaded page resumes its seat, and continues to count signals', () => {
    const session = new Session('tea', { token: 't', name: 'Alice', heard: 7 });
    session.start(0);

    expect(sent(session.opened(0))).toEqual([{ type: 'resume', token: 't', name: 'Alice', heard: 7 }]);
    session.receive(joined({ heard: 4 }), 0);
    expect(sent(session.signal('bob-0001', 'word 5'))).toEqual([signal(5)]);
  });

  test('a refusal of what it has not asked for changes nothing', () => {
    expect(visiting().receive(refused('locked'), 0)).toEqual([]);
  });

  test('an attempt to connect times out after 8 seconds', () => {
    const session = new Session('tea');
    session.start(10);

    expect(session.nextWake()).toBe(18);
    expect(session.wake(18)).toEqual([{ do: 'close' }, { do: 'emit', event: { type: 'state', state: 'away' } }]);
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
      session.checkConnection(100);
    }
  });

  test('the backoff starts over once the server has answered', () => {
    const session = visiting();
    for (let n = 0; n < 5; n++) reopen(session, 0);
    session.receive({ type: 'welcome', roster: joined().roster, capacity: 4, iceServers: [] }, 0);
    session.closed(0, 0.5);

    expect(session.nextWake()).toBeCloseTo(0.2);
  });

  test('a socket that opens and closes without an answer does not reset the backoff', () => {
    const session = visiting();
    for (let n = 0; n < 5; n++) reopen(session, 0);
    session.closed(0, 0.5);

    expect(session.nextWake()).toBe(8);
  });

  test('reconnects when the backoff is over, not before', () => {
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

  test('the time in a goodbye counts once', () => {
    const session = seated();
    session.receive({ type: 'goodbye', backInMs: 2000 }, 0);
    reopen(session, 10);
    session.closed(20, 0.5);

    expect(session.nextWake()).toBe(20.5);
  });
});

describe('keepalive', () => {
  test('pings after 11 seconds, and drops the socket after 15', () => {
    const session = seated();

    expect(session.nextWake()).toBe(11);
    expect(session.wake(10.9)).toEqual([]);
    expect(session.wake(11)).toEqual([{ do: 'send', message: { type: 'ping' } }]);
    expect(session.wake(11)).toEqual([]);
    expect(session.nextWake()).toBe(15);
    expect(session.wake(15)[0]).toEqual({ do: 'close' });
    expect(session.nextWake()).toBeCloseTo(15.1);
  });

  test('any message counts as a sign of life', () => {
    const session = seated();
    session.wake(11);
    session.receive({ type: 'pong' }, 12);

    expect(session.nextWake()).toBe(23);
    expect(session.wake(15)).toEqual([]);
  });

  test('answers a ping', () => {
    expect(sent(seated().receive({ type: 'ping' }, 10))).toEqual([{ type: 'pong' }]);
  });

  test('when the network is back it pings at once, and waits 4 seconds', () => {
    const session = seated();

    expect(sent(session.checkConnection(5))).toEqual([{ type: 'ping' }]);
    expect(session.checkConnection(6)).toEqual([]);
    expect(session.nextWake()).toBe(9);
  });

  test('a socket with a message within the last second is not pinged', () => {
    expect(seated().checkConnection(0.9)).toEqual([]);
  });

  test('when the network is back it reconnects without backoff', () => {
    const session = seated();
    session.closed(0, 1);

    expect(session.checkConnection(0)).toEqual([{ do: 'connect' }]);
    expect(session.checkConnection(0)).toEqual([]);
  });
});

describe('resuming', () => {
  test('sends the newest token, the name and the number of the last signal', () => {
    const session = seated();
    session.receive({ type: 'signalled', from: 'bob-0001', n: 1, data: 'x' }, 1);
    session.receive({ type: 'signalled', from: 'bob-0001', n: 2, data: 'y' }, 1);

    expect(session.ticket).toEqual({ token: 't', name: 'Alice', heard: 2 });
    expect(reopen(session, 2)).toEqual([{ type: 'resume', token: 't', name: 'Alice', heard: 2 }]);
  });

  test('sends the new name, if it was changed meanwhile', () => {
    const session = seated();
    session.closed(1, 0.5);
    session.join('Alicia');
    session.checkConnection(1);

    expect(sent(session.opened(1))).toEqual([{ type: 'resume', token: 't', name: 'Alicia', heard: 0 }]);
  });

  test('signals that the server lacks are sent again, in order, and no others', () => {
    const session = seated();
    expect(speak(session, 3)).toEqual([signal(1), signal(2), signal(3)]);
    reopen(session, 1);

    expect(sent(session.receive(joined({ heard: 1 }), 1))).toEqual([signal(2), signal(3)]);
  });

  test('signals made while away are sent after resuming', () => {
    const session = seated();
    session.closed(1, 0.5);
    expect(speak(session, 2)).toEqual([]);
    session.checkConnection(1);
    session.opened(1);

    expect(sent(session.receive(joined(), 1))).toEqual([signal(1), signal(2)]);
    expect(sent(session.signal('bob-0001', 'word 3'))).toEqual([signal(3)]);
  });

  test('signals made before the answer wait for it', () => {
    const session = seated();
    reopen(session, 1);

    expect(speak(session, 1)).toEqual([]);
    expect(sent(session.receive(joined(), 1))).toEqual([signal(1)]);
  });

  test('signals made while a new seat is requested are dropped: they were for the old one', () => {
    const session = seated();
    reopen(session, 1);
    session.receive(refused('seat-gone'), 1);
    speak(session, 1);

    expect(sent(session.receive(joined(), 1))).toEqual([]);
  });

  test('missed signals are sent before the room learns that it is back', () => {
    const session = seated();
    speak(session, 1);
    reopen(session, 1);

    expect(session.receive(joined(), 1).map((effect) => effect.do)).toEqual(['send', 'emit']);
  });

  test('after a gap old signals are dropped, and counting continues from the last that arrived', () => {
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
    session.checkConnection(1);
    session.opened(1);

    const effects = session.receive(joined(), 1);
    expect(sent(effects)).toHaveLength(again);
    expect(told(effects)).toMatchObject([{ type: 'joined', joined: { gap } }]);
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

  test('a duplicate signal is reported once', () => {
    const session = seated();
    const signalled = { type: 'signalled', from: 'bob-0001', n: 1, data: 'x' } as const;

    expect(told(session.receive(signalled, 1))).toEqual([{ type: 'signalled', signalled }]);
    expect(session.receive(signalled, 1)).toEqual([]);
  });

  test('reports whether the seat is the same or a new one', () => {
    const session = seated();
    reopen(session, 1);
    expect(told(session.receive(joined(), 1))).toMatchObject([{ type: 'joined', resumed: true }]);
    reopen(session, 2);
    session.receive(refused('seat-gone'), 2);
    expect(told(session.receive(joined({ you: 'alice-0002' }), 2))).toMatchObject([{ type: 'joined', resumed: false }]);
  });

  test('if the seat is gone it joins again, and drops signals of the old one', () => {
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

test('a final refusal is reported, and the server is not asked again', () => {
  const session = visiting();
  session.join('Alice');
  expect(told(session.receive(refused('pass-expired'), 1))).toMatchObject([{ type: 'over', code: 'pass-expired' }]);
  expect(session.closed(2, 0.5)).toEqual([]);
});
