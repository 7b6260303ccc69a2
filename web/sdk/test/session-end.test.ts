import { describe, expect, test } from 'vitest';
import { Session } from '../src/signalling/session.ts';
import { HELLO, JOIN, joined, refused, reopen, seated, sent, told, visiting } from './member.ts';

describe('refusals', () => {
  test('in the lobby a full room is reported, and joining can be tried again', () => {
    const session = visiting();
    session.join('Alice');

    expect(told(session.receive(refused('room-full'), 0))).toMatchObject([{ type: 'refused', code: 'room-full' }]);
    expect(sent(session.join('Alice'))).toEqual([JOIN]);
  });

  test('a refused join is not repeated over the next socket', () => {
    const session = visiting();
    session.join('Alice');
    session.receive(refused('room-full'), 0);

    expect(reopen(session, 1)).toEqual([HELLO]);
  });

  test('a room name that the server refuses is reported', () => {
    expect(told(visiting().receive(refused('invalid'), 0))).toMatchObject([{ type: 'refused', code: 'invalid' }]);
  });

  test('resuming into a full room ends the session', () => {
    const session = seated();
    reopen(session, 1);

    expect(session.receive(refused('room-full'), 1)).toEqual([
      { do: 'close' },
      { do: 'emit', event: { type: 'over', code: 'room-full', message: 'room-full' } },
    ]);
    expect(session.closed(1, 0)).toEqual([]);
  });

  test('a replaced session has ended, keeps no ticket and does not reconnect', () => {
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

  test('a join whose socket closed is repeated over the next one', () => {
    const session = visiting();
    session.join('Alice');
    session.receive(refused('hello-late'), 5);

    expect(reopen(session, 5)).toEqual([HELLO, JOIN]);
  });
});

describe('leaving', () => {
  test('sends leave, closes the socket, and ends the session', () => {
    const session = seated();

    expect(session.leave(0)).toEqual([{ do: 'send', message: { type: 'leave' } }, { do: 'close' }]);
    expect(session.closed(1, 0)).toEqual([]);
    expect([session.nextWake(), session.ticket]).toEqual([null, null]);
  });

  test('without a seat or a socket only stops reconnecting', () => {
    const session = visiting();
    session.closed(1, 0);

    expect(session.leave(1)).toEqual([{ do: 'close' }]);
    expect(session.nextWake()).toBeNull();
  });

  test('a seat left while the server was away is given up as soon as it is back', () => {
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

  test('after 30 seconds the server has dropped the seat, and the session ends', () => {
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

  test('a seat that arrives after joining was cancelled is given back, and the lobby stays open', () => {
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

  test('joining again under another name while the answer is on its way gets a seat under that name', () => {
    const session = visiting();
    session.join('Alice');
    session.cancelJoin(0);
    session.join('Alicia');
    session.receive(joined(), 1);
    session.checkConnection(1);

    expect(sent(session.opened(1))).toEqual([HELLO, { type: 'join', name: 'Alicia' }]);
  });

  test('a cancelled join is not repeated over the next socket', () => {
    const session = new Session('tea');
    session.start(0);
    session.join('Alice');
    session.cancelJoin(0);

    expect(sent(session.opened(0))).toEqual([HELLO]);
  });

  test('cancelling just after joining gives the seat back, and the next seat is a new one', () => {
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

  test('cancelling does not give up a seat that is being resumed', () => {
    const session = new Session('tea', { token: 'token', name: 'Alice', heard: 0 });
    session.start(0);

    expect(session.cancelJoin(0)).toEqual([]);
    expect(session.ticket).not.toBeNull();
  });
});

test('new ICE credentials are reported while we have the seat', () => {
  const iceServers = [{ urls: ['turn:example.org'], username: 'later', credential: 'x' }];
  const effects = seated().receive({ type: 'ice-servers', iceServers }, 300);
  expect(told(effects)).toEqual([{ type: 'ice-servers', iceServers }]);
});

test('a page whose policy allows no socket ends the session once', () => {
  const session = visiting();

  expect(session.blocked('blocked by a policy')).toEqual([
    { do: 'close' },
    { do: 'emit', event: { type: 'over', code: 'csp-blocked', message: 'blocked by a policy' } },
  ]);
  expect(session.blocked('blocked by a policy')).toEqual([]);
});
