import { lineOfPhone, textForPhone } from './chat/phone-text.ts';
import { questionIn } from './chat/question.ts';
import { ConnectionMonitor } from './connection/connection-monitor.ts';
import type { TimeoutReport } from './connection/media-timeout.ts';
import { type ChannelFrame, type Json, type PeerMedia, parseChannelFrame } from './connection/messages.ts';
import type { PeerConnection } from './connection/peer-connection.ts';
import { FloodDetector, FrameLimit } from './connection/rate-limit.ts';
import { ReconnectingConnection, type ReconnectOptions } from './connection/reconnect.ts';
import { ReliableMessages } from './connection/reliable-messages.ts';
import type { ConnectionStatus } from './connection/stats.ts';
import type { LocalTracks, TrackName } from './connection/transceivers.ts';
import { EyelineError } from './errors.ts';
import { LazyTransfers } from './files/lazy-transfers.ts';
import type { FileTransfer, IncomingFile, SendFileOptions } from './files/transfer.ts';
import type { TransferLoader } from './files/transfer-loader.ts';
import { type Permissions, permissionFor, permissionsOf, permittedMedia } from './media/permissions.ts';
import { RemoteMedia } from './media/remote-media.ts';
import type { Role } from './signalling/moderation.ts';
import type { IceServer, Member } from './signalling/protocol.ts';
import { Source, type Value } from './value.ts';
import { PeerVerification } from './verification/peer-verification.ts';
import type { Safety } from './verification/short-auth-string.ts';

/** Milliseconds that a peer whose page unloads has to come back (a reload), before they count as gone. */
const AWAY_MS = 5000;

/** Characters of a frame, which holds a message or a signal, escaped once more. A larger one is dropped. */
const FRAME_CHARACTERS_MAX = 128 * 1024;

/** Another participant in the room. */
export interface Peer {
  /** Given by the server; a participant who lost their seat and joins again has a new one. */
  readonly id: string;
  /** Display name, 1 to 64 characters. Text, never markup. */
  readonly name: string;
  /** Camera and microphone. Always the same object; tracks come and go in it, and it fires `addtrack` for each. */
  readonly stream: MediaStream;
  /** Their shared screen and its audio; null while they share none. */
  readonly screen: Value<MediaStream | null>;
  /** What they say they send: a muted microphone still has a track. */
  readonly media: Value<PeerMedia>;
  /** State and statistics of the connection to them, about once a second. */
  readonly connection: Value<ConnectionStatus>;
  /** Voice activity: whether they speak, or did so less than half a second ago. */
  readonly speaking: Value<boolean>;
  /** Whether a machine in the middle can be ruled out; starts over with each new connection. */
  readonly safety: Value<Safety>;
  /**
   * The height in pixels to which they limit the video of all cameras, yours too, with `Room.limitVideo`: 0 if they
   * receive none and can't see you, null if they set no limit.
   */
  readonly videoLimit: Value<number | null>;
  /** Their role in the room. */
  readonly role: Value<Role>;
  /** What they may send. Anything else that arrives from them is dropped. */
  readonly permissions: Permissions;
  /** Whether this is a phone, in a SIP call: it has camera and microphone, reads lines of the chat, and takes no files. */
  readonly sip: boolean;
  /**
   * Sends a message to this peer. Resolves when they have it; it is sent again if the connection breaks before that.
   * Rejects with code `gone` if they leave first or we do, `not-json` if JSON can't carry it (undefined, a function),
   * `too-large` above 60 Ki characters of JSON, `too-fast` when 256 messages (or 3 Mi characters) wait already or
   * there were more than 150 a second, `not-permitted` if we may not write, or if this is a phone and the
   * message no new line of the chat (`Conversation`).
   */
  send(message: Json): Promise<void>;
  /** Tries to connect again at once, if there is no connection. The SDK reconnects by itself, with backoff. */
  reconnect(): void;
  /**
   * Offers a file to this peer, and sends it once they accept. Follow `progress` of what this returns. Throws an
   * `EyelineError` with code `not-permitted` if this is a phone.
   */
  sendFile(file: File, options?: SendFileOptions): FileTransfer;
  /** Whether they keep sending more than we take: what is above 200 messages a second is dropped. */
  readonly flooding: Value<boolean>;
  /**
   * Closes the connection to them and makes no new one: from now on neither side sees, hears or writes to the other.
   * They stay in the room, and the server and the others are not told.
   */
  ignore(): void;
  /**
   * Calls `listener` with each file that this peer offers, also with those that still wait for an answer now. Returns a
   * function that stops this.
   */
  onFile(listener: (file: IncomingFile) => void): () => void;
}

export interface RemotePeerOptions
  extends Pick<
    ReconnectOptions,
    'polite' | 'offers' | 'rings' | 'tracks' | 'connections' | 'maxHeight' | 'takeSpare' | 'reachable'
  > {
  readonly member: Member;
  /** What we may send. */
  readonly ownPermissions: Value<Permissions>;
  /** What we say we send. */
  readonly media: PeerMedia;
  /** Our long-term key, by which others recognise us. */
  readonly identity: () => Promise<CryptoKeyPair | null>;
  readonly transferLoader: TransferLoader;
  /** What the server gave last. */
  readonly iceServers: () => readonly IceServer[];
  /** Sends a text by signalling; false if that is down. */
  readonly signal: (text: string) => boolean;
  readonly onMessage: (data: Json) => void;
  readonly onLeave: () => void;
  readonly onIgnore: () => void;
  /** The peer sent audio or video, and nothing arrives any more; reported again while it lasts. */
  readonly onMediaTimeout: (report: TimeoutReport) => void;
}

/** A {@link Peer}: what runs over the connection to them, which may be replaced any number of times. */
export class RemotePeer implements Peer {
  readonly id: string;
  name: string;
  readonly #remoteMedia = new RemoteMedia();
  readonly stream = this.#remoteMedia.stream;
  readonly screen = this.#remoteMedia.screen;
  readonly media = this.#remoteMedia.media;
  readonly connection: Value<ConnectionStatus>;
  readonly speaking: Value<boolean>;
  readonly safety: Value<Safety>;
  readonly videoLimit = new Source<number | null>(null);
  readonly role: Source<Role>;
  readonly permissions: Permissions;
  readonly sip: boolean;
  /** False once their page unloaded and did not come back in time, and for a phone that still rings. */
  readonly present: Source<boolean>;
  readonly transport: ReconnectingConnection;
  readonly #options: RemotePeerOptions;
  readonly #monitor: ConnectionMonitor;
  readonly #verification: PeerVerification;
  readonly #transfers: LazyTransfers;
  readonly #limit = new FrameLimit(FRAME_CHARACTERS_MAX);
  readonly #flood = new FloodDetector();
  readonly flooding = this.#flood.flooding;
  readonly #messages = new ReliableMessages((text) => this.#write(text));
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #ownMedia: PeerMedia;
  /** See `Room.limitVideo`. */
  #ownMaxHeight: number | null;

  constructor(options: RemotePeerOptions) {
    const { member, polite, signal, iceServers, identity, onMediaTimeout } = options;
    this.id = member.id;
    this.name = member.name;
    this.role = new Source(member.role ?? 'member');
    this.permissions = permissionsOf(member);
    this.sip = member.sip === true;
    this.present = new Source(member.called !== true);
    this.#options = options;
    this.#ownMedia = options.media;
    this.#ownMaxHeight = options.maxHeight;
    this.#transfers = new LazyTransfers(options.transferLoader, this.id, this.permissions.has('files'), () =>
      this.#flood.dropped(),
    );
    const connection = (): PeerConnection => this.transport.current;
    this.#verification = new PeerVerification({
      connection,
      commits: !polite,
      send: (step) => this.#send({ frame: 'compare', step }),
      identity,
    });
    const messagesQueued = (): number => this.#transfers.messagesQueued;
    this.#monitor = new ConnectionMonitor({
      connection,
      media: this.media,
      wantsVideo: () => this.#ownMaxHeight !== 0,
      iceServers,
      messagesQueued,
      onMediaTimeout,
    });
    this.connection = this.#monitor.status;
    this.speaking = this.#monitor.speaking;
    this.safety = this.#verification.safety;
    this.transport = new ReconnectingConnection({
      ...options,
      accepts: (name) => this.permissions.has(permissionFor(name)),
      signal: (message) => {
        const words = JSON.stringify(message);
        if (!signal(words)) this.#send({ frame: 'words', words });
      },
      onTrack: (track, name) => {
        this.#remoteMedia.add(track, name);
        if (this.sip) this.#followPhone(track, name);
      },
      onText: (text) => {
        if (this.sip && this.#limit.take(text.length)) options.onMessage(lineOfPhone(text));
      },
      onConnection: (made) => this.#attach(made),
      onState: (state) => {
        if (state === 'connected') {
          clearTimeout(this.#awayTimer);
          this.present.set(true);
        }
        this.#monitor.follow(state);
      },
      onSearch: () => this.#monitor.search(),
    });
    this.#monitor.start();
  }

  /** Whether a message over the data channel would arrive, as far as we can tell. */
  get reachable(): boolean {
    return this.transport.current.connected && !this.#monitor.timedOut;
  }

  async send(message: Json): Promise<void> {
    if (!this.#options.ownPermissions.current.has('chat') && questionIn(message) === undefined) {
      throw new EyelineError('not-permitted', 'You can read messages here, but not write any.');
    }
    if (this.sip) this.#sendToPhone(message);
    else await this.#messages.send(message);
  }

  #sendToPhone(message: Json): void {
    const text = textForPhone(message);
    if (text === undefined) throw new EyelineError('not-permitted', 'A phone can read lines of the chat only.');
    this.transport.sendText(text);
  }

  reconnect(): void {
    this.transport.reconnect();
  }

  sendFile(file: File, options: SendFileOptions = {}): FileTransfer {
    if (this.sip) throw new EyelineError('not-permitted', 'A phone takes no files.');
    return this.#transfers.sendFile(file, options);
  }

  onFile(listener: (file: IncomingFile) => void): () => void {
    return this.#transfers.onFile(listener);
  }

  ignore(): void {
    this.#options.onIgnore();
  }

  publish(tracks: LocalTracks, media: PeerMedia): void {
    this.#ownMedia = media;
    this.transport.publish(tracks);
    this.#send({ frame: 'media', media });
  }

  /** See `Room.limitVideo`. */
  limitVideo(maxHeight: number | null): void {
    this.#ownMaxHeight = maxHeight;
    this.#send({ frame: 'video', maxHeight });
    this.transport.limitVideo(lower(maxHeight, this.videoLimit.current));
  }

  /** The peer wants no higher video than this. */
  #limitTheirVideo(maxHeight: number | null): void {
    if (maxHeight === this.videoLimit.current) return;
    this.videoLimit.set(maxHeight);
    this.transport.limitVideo(lower(this.#ownMaxHeight, maxHeight));
  }

  /** Tells the peer that we leave, or that our page unloads. It may not arrive. */
  farewell(frame: 'leave' | 'away'): void {
    this.#send({ frame });
  }

  close(): void {
    clearTimeout(this.#awayTimer);
    this.#flood.close();
    this.#monitor.close();
    const { channel } = this.transport.current;
    if (channel !== null) channel.onmessage = null; // what is queued is not for us any more
    this.#verification.close();
    this.transport.close();
    this.#transfers.close();
    this.#messages.close();
  }

  #attach(made: PeerConnection): void {
    this.#verification.reset();
    this.#remoteMedia.clear();
    this.#monitor.reset();
    made.connection.ondatachannel = ({ channel }) => {
      channel.close(); // ours are negotiated: nobody but a hostile client opens another one
      this.#flood.dropped();
    };
    const { channel, files } = made;
    if (channel === null || files === null) return; // a phone
    this.#transfers.attach({ connection: made.connection, files, fail: (error) => made.fail(error) });
    channel.onopen = () => {
      this.#limitTheirVideo(null); // a limit holds for one connection
      void this.#verification.start();
      this.#send({ frame: 'media', media: this.#ownMedia });
      if (this.#ownMaxHeight !== null) this.#send({ frame: 'video', maxHeight: this.#ownMaxHeight });
      this.#messages.resend();
    };
    channel.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data !== 'string') return;
      if (this.#limit.take(event.data.length)) this.#receive(event.data);
      else this.#flood.dropped();
    };
    channel.onclose = files.onclose = () => {
      // A page that unloads closes them too: if it comes back, it makes a new connection.
      if (!this.#monitor.isAway) made.fail('the other side closed the connection');
    };
  }

  /** A phone doesn't say what it sends: we see it by what arrives. */
  #followPhone(track: MediaStreamTrack, name: TrackName): void {
    const show = (): void => {
      this.#remoteMedia.setMedia({ ...this.media.current, [name]: track.muted ? 'none' : 'on' });
    };
    track.addEventListener('mute', show);
    track.addEventListener('unmute', show);
    show();
  }

  #send(frame: ChannelFrame): void {
    this.#write(JSON.stringify(frame));
  }

  #write(text: string): void {
    this.transport.current.send(text);
  }

  #receive(text: string): void {
    const frame = parseChannelFrame(text);
    switch (frame?.frame) {
      case 'message':
        this.#receiveMessage(frame.n, this.permissions.has('chat') ? frame.data : questionIn(frame.data));
        break;
      case 'got':
        if (this.#messages.acknowledged(frame.n)) this.#limit.earn(1);
        break;
      case 'media':
        this.#remoteMedia.setMedia(permittedMedia(frame.media, this.permissions));
        break;
      case 'video':
        this.#limitTheirVideo(frame.maxHeight);
        break;
      case 'compare':
        this.#verification.receive(frame.step);
        break;
      case 'words':
        this.transport.receive(frame.words);
        break;
      case 'leave':
        this.#options.onLeave();
        break;
      case 'away':
        this.#monitor.away();
        clearTimeout(this.#awayTimer);
        this.#awayTimer = setTimeout(() => {
          this.present.set(false); // they didn't come back: for the room they have left
          this.#messages.rejectAll();
        }, AWAY_MS);
        break;
      case undefined:
        break; // invalid, or from a later version
    }
  }

  /** A message that the peer may not send is not acknowledged. */
  #receiveMessage(n: number, data: Json | undefined): void {
    if (data !== undefined && this.#messages.accept(n)) this.#options.onMessage(data);
  }
}

/** The lower of two limits, of which null is none. */
function lower(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
