// Written by tools/protocol.py from src/eyeline/signalling: change it there.

/** The WebSocket subprotocol; a client that does not offer it is turned away with HTTP status 400. */
export const SUBPROTOCOL = 'eyeline.v1';

/** Bytes in one message, encoded as UTF-8. */
export const MESSAGE_BYTES_MAX = 65536;

/** Characters in what one member says to another. */
export const PAYLOAD_CHARACTERS_MAX = 61440;

/** Seconds from the opening of the socket to the first message. */
export const HELLO_WITHIN = 5;

/** Seconds of silence after which the broker sends `ping`. */
export const PING_AFTER = 10;

/** Seconds of silence after which the broker drops the socket; the seat stays for `SEAT_SECONDS`. */
export const SILENCE_MAX = 15;

/** How long a seat outlives its socket, and how long a rebuilt room waits for its members. */
export const SEAT_SECONDS = 30;

/** For how long after its start the broker gives back seats of its earlier lives. */
export const RETURN_SECONDS = 120;

/** How long a resume token opens its seat, or what is left of it after a restart of the broker. */
export const TOKEN_SECONDS = 86400;

/** Signals kept for a seat to be sent again after a resume; of more, the oldest go, and the resume says so. */
export const KEPT_SIGNALS = 64;

/**
 * How many in the lobby are told who comes and goes.  When more look in, the one who has looked on longest is told no
 * more, and can still join: a lobby full of strangers keeps nobody out.
 */
export const LOBBY_SESSIONS = 64;

/** 1 to 64 of a-z, 0-9 and hyphen. */
export type RoomName = string;

/**
 * What a person is called: 1 to 64 characters, not all blank, no control characters, no overrides of text direction,
 * nothing without width that is not part of an emoji.  Or, where the link has a secret, a sealed card: 400 of A-Z, a-z,
 * 0-9, hyphen and underscore, which only who has that secret can open.
 */
export type DisplayName = string;

/** A member's public id, given by the broker. */
export type PeerId = string;

/** A secret: whoever shows it takes the seat. */
export type ResumeToken = string;

/** A site's signed word on who may enter a room, as a JSON Web Token; keep it secret. */
export type JoinPass = string;

/** What one member says to another, opaque to the broker: at most 60 Ki characters, and within the message's limit. */
export type Payload = string;

/** A whole number from 0 that JavaScript holds exactly. */
export type Count = number;

/** A secret of 128 bits, base64url: whoever shows it is host of the room whose name is made from it. */
export type OwnerKey = string;

/**
 * What a name may be: 1 to 64 characters, not all blank, no control characters, no overrides of text direction, nothing
 * without width that is not part of an emoji.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it may not have
export const displayName = /^(?=.*\S)[^\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]{1,64}$/u;

/** All that one member can send to the others.  To see and hear them, and to read, takes none of these. */
export const PERMISSIONS = ['microphone', 'camera', 'screen', 'files', 'chat'] as const;

/** One of {@link PERMISSIONS}. */
export type Permission = (typeof PERMISSIONS)[number];

/** Why the broker says no. */
export type Code =
  | 'malformed'
  | 'unknown-type'
  | 'invalid'
  | 'too-large'
  | 'too-fast'
  | 'hello-late'
  | 'out-of-turn'
  | 'room-full'
  | 'busy'
  | 'too-many-looks'
  | 'pass-needed'
  | 'pass-invalid'
  | 'pass-expired'
  | 'not-allowed'
  | 'no-such-peer'
  | 'skipped'
  | 'seat-gone'
  | 'replaced'
  | 'removed'
  | 'ended'
  | 'time-up'
  | 'locked'
  | 'denied'
  | 'too-many-knocks'
  | 'not-owner'
  | 'not-host'
  | 'silent'
  | 'too-slow';

/** A participant with a seat in the room. */
export interface Member {
  /** Given by the broker with the seat. */
  readonly id: PeerId;
  /** Display name. */
  readonly name: DisplayName;
  /** Grows with the time of arrival, distinct in the room.  Of two members the later one is the polite peer. */
  readonly order: Count;
  /** `host` has the room's owner key, or a pass that says so. */
  readonly role?: 'host' | 'co-host' | 'member';
  /**
   * What they may send, as the site decides; left out if that is everything.  Each client enforces it: it drops what
   * the others may not send.
   */
  readonly may?: readonly Permission[];
}

/** What the hosts of a room have decided. */
export interface Rules {
  /** Who comes with `join`: gets a seat, waits for a host's yes, or is refused with code `locked`. */
  readonly entry?: 'open' | 'knock' | 'locked';
  /** Whether files may be offered; each member's own program sees to it. */
  readonly files?: boolean;
  /** Whether who comes later is told what was written before; likewise. */
  readonly history?: boolean;
  /** Whether screens may be shared; likewise. */
  readonly screens?: boolean;
}

/** Somebody who waits to be admitted. */
export interface Knock {
  /** Identifies the knock, for `admit` and `deny`. */
  readonly id: PeerId;
  /** Display name. */
  readonly name: DisplayName;
}

/** A STUN or TURN server, as `RTCPeerConnection` takes it in `iceServers`. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` URLs. */
  readonly urls: readonly string[];
  /** For TURN. */
  readonly username?: string;
  /** For TURN. */
  readonly credential?: string;
}

/**
 * Look into a room, from its lobby.
 *
 * Answered by `welcome`, and by `roster` whenever somebody comes or goes.  Or by `refused` with code `pass-needed`,
 * `pass-invalid`, `pass-expired` or `not-allowed`, where the site decides who enters.
 */
export interface Hello {
  readonly type: 'hello';
  /** The room to look into; it need not exist yet. */
  readonly room: RoomName;
  /** What opens this room; counts for `join` too. */
  readonly pass?: JoinPass;
  /**
   * Shows that the room is yours: you are a host then, whoever came first.  The key of another room is refused with
   * code `not-owner`.
   */
  readonly owner?: OwnerKey;
}

/**
 * Take a seat in the room of `hello`; may follow it at once.
 *
 * Answered by `joined`, or by `refused` with code `room-full`, after which the lobby goes on.
 */
export interface Join {
  readonly type: 'join';
  /** What the others read, if the site has not said another name. */
  readonly name: DisplayName;
}

/**
 * Come back to a seat, as the first message on a new socket.
 *
 * Answered by `joined` and the signals that were missed, or by `refused` with code `seat-gone` or `room-full`.  A
 * socket that still holds the seat is told `refused` with code `replaced` and closed.
 */
export interface Resume {
  readonly type: 'resume';
  /** The newest one from `joined`. */
  readonly token: ResumeToken;
  /** What the others read; may be another one than before. */
  readonly name: DisplayName;
  /** The `n` of the last `signalled` that came; those after it are sent again. */
  readonly heard: Count;
}

/**
 * Say something to one other member.
 *
 * Answered only when it can't be done: `refused` with code `no-such-peer`.
 */
export interface Signal {
  readonly type: 'signal';
  /** A member of the same room. */
  readonly to: PeerId;
  /**
   * 1, 2, 3 ... on this seat, on from `heard` of the newest `joined`.  One that came before is dropped, so that a
   * client may send again after `resume`; one that leaves a gap is refused with code `skipped`.
   */
  readonly n: Count;
  /** Anything; the broker does not look at it. */
  readonly data: Payload;
}

/** A host sets the rules.  Everybody hears of them by `roster`; opening the room lets in who waits. */
export interface Govern {
  readonly type: 'govern';
  readonly rules: Rules;
}

/** A host or co-host lets in somebody who waits. */
export interface Admit {
  readonly type: 'admit';
  /** As in `knocks`. */
  readonly knock: PeerId;
}

/** A host or co-host turns away somebody who waits: they are refused with code `denied`. */
export interface Deny {
  readonly type: 'deny';
  /** As in `knocks`. */
  readonly knock: PeerId;
}

/**
 * A host takes a member out, or a co-host somebody who is neither.
 *
 * They are refused with code `removed`; from then on newcomers have to knock, so that they come back only with a yes.
 */
export interface RemoveMember {
  readonly type: 'remove';
  /** Whom. */
  readonly peer: PeerId;
}

/** A host makes a member co-host, or takes it back. */
export interface Appoint {
  readonly type: 'appoint';
  /** Whom. */
  readonly peer: PeerId;
  readonly role: 'co-host' | 'member';
}

/** A host or co-host asks a member to mute: `asked-to-mute`. */
export interface AskMute {
  readonly type: 'ask-mute';
  /** Whom. */
  readonly peer: PeerId;
}

/** A host ends the call for all: everybody is refused with code `ended`. */
export interface EndCall {
  readonly type: 'end';
}

/** Give up the seat now.  The broker closes the socket. */
export interface Leave {
  readonly type: 'leave';
}

/** Are you there?  Either side may ask; the other answers with `pong`. */
export interface Ping {
  readonly type: 'ping';
}

/** I am. */
export interface Pong {
  readonly type: 'pong';
}

/** The answer to `hello`: what one can know before joining. */
export interface Welcome {
  readonly type: 'welcome';
  readonly roster: Roster;
  /** How many seats the room has.  Members who come back after a restart get theirs on top of it. */
  readonly capacity: Count;
  /** So that the browser can gather its candidates in the lobby. */
  readonly iceServers: readonly IceServer[];
  /** What you may send once you are inside; left out where that is everything. */
  readonly may?: readonly Permission[];
}

/** The answer to `join` and `resume`: all that a member needs, in one message. */
export interface Joined {
  readonly type: 'joined';
  readonly you: PeerId;
  readonly roster: Roster;
  readonly iceServers: readonly IceServer[];
  /** Shows that this seat is yours, for a day; keep it secret. */
  readonly resume: ResumeToken;
  /** How long the seat outlives its socket. */
  readonly seatSeconds: Count;
  /** The `n` of your last `signal` that came; send those after it again, or count on from here. */
  readonly heard: Count;
  /** True if signals between members may have been lost: negotiate afresh where a connection is not up. */
  readonly gap: boolean;
  /** When the site has said that the call ends: after this time you are refused with code `time-up`. */
  readonly endsInMs?: Count;
}

/** Everybody with a seat, whole, whenever it changes. */
export interface Roster {
  readonly type: 'roster';
  /** Grows with each change, over restarts too; an older one than the newest seen is stale. */
  readonly version: Count;
  /** In order of arrival. */
  readonly members: readonly Member[];
  /**
   * False while a broker that was restarted waits for members to come back.  Somebody missing may only be out of the
   * broker's reach, and not only then: a connection to them is kept for as long as it stands.
   */
  readonly complete: boolean;
  /** Left out where all is allowed. */
  readonly rules?: Rules;
  /** Who was sent out of the call lately, by a host, by the site or by the time of their pass: hang up on them. */
  readonly removed?: readonly PeerId[];
}

/** An answer to `join`: a host is asked.  Then comes `joined`, or `refused` with code `denied`. */
export interface Waiting {
  readonly type: 'waiting';
}

/** To hosts and co-hosts: everybody who waits, whole, whenever it changes. */
export interface Knocks {
  readonly type: 'knocks';
  /** First come, first. */
  readonly waiting: readonly Knock[];
}

/** A host asks you to mute.  It is for you to decide. */
export interface AskedToMute {
  readonly type: 'asked-to-mute';
  readonly from: PeerId;
}

/** Your role, or the rules, have changed: a resume token in place of the one you have. */
export interface NewToken {
  readonly type: 'new-token';
  readonly resume: ResumeToken;
}

/** New credentials, in time before the ones that you have end.  For connections that are there, too. */
export interface IceServers {
  readonly type: 'ice-servers';
  readonly iceServers: readonly IceServer[];
}

/** Another member said something to you. */
export interface Signalled {
  readonly type: 'signalled';
  /** Written by the broker. */
  readonly from: PeerId;
  /** 1, 2, 3 ... on your seat. */
  readonly n: Count;
  readonly data: Payload;
}

/** Something you sent was not taken; the table of codes says whether the socket stays open. */
export interface Refused {
  readonly type: 'refused';
  readonly code: Code;
  /** For people; may change its words. */
  readonly message: string;
  /** With code `no-such-peer`: who. */
  readonly to?: PeerId;
}

/** The broker is going away and closes the socket; calls go on. */
export interface Goodbye {
  readonly type: 'goodbye';
  /** Come back after this time, give or take a random half of it. */
  readonly backInMs: Count;
}

export type ToBroker = Hello | Join | Resume | Signal | Govern | Admit | Deny | RemoveMember | Appoint | AskMute | EndCall | Leave | Ping | Pong;

export type FromBroker = Welcome | Joined | Roster | Waiting | Knocks | AskedToMute | NewToken | IceServers | Signalled | Refused | Goodbye | Ping | Pong;

/** What a connection is doing about its session description. */
export type NegotiationState = 'stable' | 'offering' | 'offered' | 'taking-offer' | 'answering' | 'taking-answer';

/** What can happen to it. */
export type NegotiationEvent = 'needed' | 'polite-offer' | 'impolite-offer' | 'answer' | 'done';

/** What is to be done then. */
export type NegotiationAct = 'nothing' | 'make-offer' | 'take-offer' | 'take-answer' | 'make-answer' | 'send' | 'remember' | 'hold' | 'bug';

/** Perfect negotiation: what to do, and the state after it. */
export const NEGOTIATION: {
  readonly [S in NegotiationState]: {
    readonly [E in NegotiationEvent]: readonly [NegotiationAct, NegotiationState];
  };
} = {
  stable: {
    needed: ['make-offer', 'offering'],
    'polite-offer': ['take-offer', 'taking-offer'],
    'impolite-offer': ['take-offer', 'taking-offer'],
    answer: ['nothing', 'stable'],
    done: ['bug', 'stable'],
  },
  offering: {
    needed: ['remember', 'offering'],
    'polite-offer': ['hold', 'offering'],
    'impolite-offer': ['nothing', 'offering'],
    answer: ['nothing', 'offering'],
    done: ['send', 'offered'],
  },
  offered: {
    needed: ['remember', 'offered'],
    'polite-offer': ['take-offer', 'taking-offer'],
    'impolite-offer': ['nothing', 'offered'],
    answer: ['take-answer', 'taking-answer'],
    done: ['bug', 'offered'],
  },
  'taking-offer': {
    needed: ['remember', 'taking-offer'],
    'polite-offer': ['hold', 'taking-offer'],
    'impolite-offer': ['hold', 'taking-offer'],
    answer: ['nothing', 'taking-offer'],
    done: ['make-answer', 'answering'],
  },
  answering: {
    needed: ['remember', 'answering'],
    'polite-offer': ['hold', 'answering'],
    'impolite-offer': ['hold', 'answering'],
    answer: ['nothing', 'answering'],
    done: ['send', 'stable'],
  },
  'taking-answer': {
    needed: ['remember', 'taking-answer'],
    'polite-offer': ['hold', 'taking-answer'],
    'impolite-offer': ['hold', 'taking-answer'],
    answer: ['nothing', 'taking-answer'],
    done: ['nothing', 'stable'],
  },
};
