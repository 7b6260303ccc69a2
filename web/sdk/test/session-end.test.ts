import { describe, expect, test } from 'vitest';
import { Session } from '../src/signalling/session.ts';
import { HELLO, JOIN, joined, refused, reopen, seated, sent, told, visiting } from './member.ts';

describe('refusals', () => {
  test('in the lobby a full room is told, and one can ask again', () => {
    const session = visiting();
    session.join('Alice');

    expect(told(session.receive(refused('room-full'), 0))).toMatchObject([{ type: 'refused', code: 'room-full' }]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
  });

  test('one who was refused is not pushed in by the next socket', () => {
    const session = visiting();
    session.join('Alice');
    session.receive(refused('room-full'), 0);

    expect(reopen(session, 1)).toEqual([HELLO]);
  });

  test('a room name that the broker does not take is told', () => {
    expect(told(visiting().receive(refused('invalid'), 0))).toMatchObject([{ type: 'refused', code: 'invalid' }]);
  });

  test('coming back to a full room is the end', () => {
    const session = seated();
    reopen(session, 1);

    expect(session.receive(refused('room-full'), 1)).toEqual([
      { do: 'close' },
      { do: 'emit', event: { type: 'over', code: 'room-full', message: 'room-full' } },
    ]);
    expect(session.closed(1, 0)).toEqual([]);
  });

  test('one who was replaced is out, keeps no ticket and does not come back', () => {
    const session = seated();

    expect(told(session.receive(refused('replaced'), 1))).toMatchObject([{ type: 'over', code: 'replaced' }]);
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
      session.checkConnection(now);
      session.closed(now, 0.5);
    }
    expect(session.over).toBe(false);
    session.checkConnection(31);

    expect(session.closed(31, 0.5)).toEqual([]);
    expect([session.over, session.nextWake()]).toEqual([true, null]);
  });

  test('a seat that comes after one no longer wishes for it is given back, and the lobby goes on', () => {
    const session = visiting();
    session.join('Alice');
    session.cancelJoin(0);

    const effects = session.receive(joined(), 1);
    expect(sent(effects)).toEqual([{ type: 'leave' }]);
    expect(told(effects)).toEqual([{ type: 'state', state: 'away' }]);
    session.checkConnection(1);
    expect(sent(session.opened(1))).toEqual([HELLO]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
    expect(told(session.receive(joined(), 1))).toMatchObject([{ type: 'joined' }]);
  });

  test('one who asks again under another name while the answer is on its way gets the seat under that', () => {
    const session = visiting();
    session.join('Alice');
    session.cancelJoin(0);
    session.join('Alicia');
    session.receive(joined(), 1);
    session.checkConnection(1);

    expect(sent(session.opened(1))).toEqual([HELLO, { type: 'join', name: 'Alicia' }]);
  });

  test('one who no longer wishes to join is not joined by the next socket', () => {
    const session = new Session('tea');
    session.start(0);
    session.join('Alice');
    session.cancelJoin(0);

    expect(sent(session.opened(0))).toEqual([HELLO]);
  });

  test('a seat that was given a moment before is given back, and another one is a new one', () => {
    const session = seated();
    session.receive({ type: 'signalled', from: 'b', n: 7, data: 'x' }, 0);
    expect(sent(session.cancelJoin(0))).toEqual([{ type: 'leave' }]);

    expect(session.ticket).toBeNull();
    session.join('Alice');
    session.checkConnection(1);
    expect(sent(session.opened(1))).toEqual([HELLO, JOIN]);
    expect(told(session.receive(joined(), 1))).toMatchObject([{ type: 'joined', resumed: false }]);
    expect(told(session.receive({ type: 'signalled', from: 'b', n: 1, data: 'y' }, 1))).toHaveLength(1);
  });

  test('one that is kept for a page which comes back is not given up by no longer waiting for it', () => {
    const session = new Session('tea', { token: 'token', name: 'Alice', heard: 0 });
    session.start(0);

    expect(session.cancelJoin(0)).toEqual([]);
    expect(session.ticket).not.toBeNull();
  });
});

test('new credentials are passed on while the seat is held', () => {
  const iceServers = [{ urls: ['turn:example.org'], username: 'later', credential: 'x' }];
  const effects = seated().receive({ type: 'ice-servers', iceServers }, 300);
  expect(told(effects)).toEqual([{ type: 'ice-servers', iceServers }]);
});
