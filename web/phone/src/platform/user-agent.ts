/** A SIP address, such as `sip:bob@example.org`, and the name that came with it; empty if none did. */
export interface Identity {
  readonly uri: string;
  readonly name: string;
}

export interface Account {
  readonly user: string;
  /** The username in digest authentication; another than `user` if a site issued the password for a short time. */
  readonly login: string;
  readonly password: string;
}

/**
 * Why a call ended, or none came of it. `elsewhere`: another device of the same person answered. `incompatible`: no common
 * media, as with a phone that can't encrypt. `lost`: the media connection broke.
 */
export type Ending =
  | 'over'
  | 'busy'
  | 'declined'
  | 'no-answer'
  | 'unavailable'
  | 'not-found'
  | 'not-allowed'
  | 'cancelled'
  | 'elsewhere'
  | 'incompatible'
  | 'lost'
  | 'failed';

/** How a call ended. */
export interface Ended {
  readonly why: Ending;
  readonly by: 'us' | 'them' | 'network';
  /** What the server says about it to the person, in words (Warning, RFC 3261, 20.43). */
  readonly said?: string;
}

/** What happens in a call. */
export type CallEvent =
  /** Their phone rings. */
  | { readonly is: 'ringing' }
  | { readonly is: 'established' }
  | ({ readonly is: 'ended' } & Ended)
  | { readonly is: 'hold'; readonly by: 'us' | 'them'; readonly on: boolean }
  /** Whether their picture comes. */
  | { readonly is: 'their-video'; readonly on: boolean }
  /** Whether the media connection is interrupted. */
  | { readonly is: 'media'; readonly lost: boolean }
  /** They ask us to call somebody else in their place. `accept` makes that call. */
  | { readonly is: 'refer'; readonly to: Identity; readonly accept: (stream: MediaStream) => SipCall }
  /** They have passed this call on: the new one, which rings here, takes its place. */
  | { readonly is: 'replaced'; readonly call: SipCall };

/** How a transfer goes on. `failed` has the status of the last response, if one came. */
export type TransferEvent = { readonly is: 'done' } | { readonly is: 'failed'; readonly status: number | null };

/** How the media goes. */
export interface MediaPath {
  /** By a TURN server. */
  readonly relayed: boolean;
  readonly roundTripMs: number;
}

/** A call by SIP: one INVITE and its dialog. */
export interface SipCall {
  readonly remote: Identity;
  /** Whether the caller offers video. */
  readonly video: boolean;
  /** Their picture and sound. Tracks come later. */
  readonly stream: MediaStream;
  /** Calls back for each event from now on. */
  listen(listener: (event: CallEvent) => void): void;
  answer(stream: MediaStream): void;
  /** Doesn't answer. `busy` (486): other devices of ours ring on; `declined` (603): they stop. */
  decline(how: 'busy' | 'declined'): void;
  /** Ends it, whatever state it's in. */
  hangUp(): void;
  /** Waits for a while if another change is under way. */
  hold(on: boolean): void;
  mute(on: boolean): void;
  /** Sends this video track, or none. Renegotiates if there was no video so far. */
  showVideo(track: MediaStreamTrack | null): Promise<void>;
  /** RFC 4733: `0-9`, `*` and `#`. */
  sendTone(tone: string): void;
  /** null until it's known. */
  path(): Promise<MediaPath | null>;
  /** REFER: blind, or with the other call in place of an address (RFC 3891, Replaces). */
  transfer(to: string | SipCall, listener: (event: TransferEvent) => void): void;
}

/** What happens to a user agent. */
export interface UserAgentEvents {
  registered(): void;
  /** The connection to the server is cut. It's opened again by itself. */
  disconnected(): void;
  /** The server didn't accept the registration; null if it didn't answer. */
  refused(status: number | null): void;
  incoming(call: SipCall): void;
  message(from: Identity, text: string): void;
}

/** What the server tells a signed-in user. */
export interface Directory {
  /** Users with a device that is registered; null if the server doesn't tell. */
  readonly online: readonly string[] | null;
  readonly iceServers: readonly RTCIceServer[];
}

/** A SIP user agent that is registered for as long as it runs. */
export interface UserAgent {
  /** Its own address. */
  readonly uri: string;
  /** The address that a person means by what they typed: "bob", "sip:bob@example.org". null if it's none. */
  addressOf(typed: string): string | null;
  call(to: string, stream: MediaStream): SipCall;
  /** Rejects with a {@link MessageError}. */
  send(to: string, text: string): Promise<void>;
  /** Rejects if the server doesn't answer. */
  directory(): Promise<Directory>;
  /** Registers again, after it was refused. */
  register(): void;
  useIceServers(servers: readonly RTCIceServer[]): void;
  /** Ends all calls, and unregisters. */
  stop(): void;
}

/** A text message wasn't delivered. */
export class MessageError extends Error {
  /** Of the response; null if none came. */
  readonly status: number | null;

  constructor(status: number | null) {
    super(`message not delivered: ${status ?? 'no response'}`);
    this.status = status;
  }
}
