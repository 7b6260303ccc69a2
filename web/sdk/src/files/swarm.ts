import { type FileOffer, TRANSFERS_MAX } from './offer.ts';
import { SharedFile } from './shared-file.ts';

/** Chunks kept after they were stored, to be passed on: 8 MiB. */
const RECENT_CHUNKS = 32;

/** Another member of the swarm. */
export interface SwarmPeer {
  /** Requests a chunk from them; false if there is no connection. */
  ask(share: string, index: number): boolean;
}

/** A file on its way to us, which other members may get from us and we from them. */
export interface SwarmFile {
  readonly offer: FileOffer;
  readonly isOpen: boolean;
  /** The bytes of a chunk; null if we can't pass it on. */
  find(index: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** A chunk arrived from another member. */
  takePassedOn(index: number, bytes: Uint8Array<ArrayBuffer>, holder: string): Promise<void>;
  /** Another member does not pass the chunk on. */
  lacked(index: number, holder: string): void;
}

/** The swarm of one room: files that several members receive, and pass on to each other. */
export class Swarm {
  readonly #peers = new Map<string, SwarmPeer>();
  /** Files that we send. */
  readonly #sharedFiles = new Map<string, SharedFile>();
  /** Files that we receive: one per share. */
  readonly #holdings = new Map<string, SwarmFile>();
  readonly #recent = new Map<string, Uint8Array<ArrayBuffer>>();

  enter(peerId: string, peer: SwarmPeer): void {
    this.#peers.set(peerId, peer);
  }

  exit(peerId: string, peer: SwarmPeer): void {
    if (this.#peers.get(peerId) === peer) this.#peers.delete(peerId);
  }

  /** The file for all who are offered it under this share; without one it is for one peer. */
  sharedFile(file: File, id: string | undefined): SharedFile {
    const known = id === undefined ? undefined : this.#sharedFiles.get(id);
    if (known?.isOf(file) === true) return known;
    const share = new SharedFile(file);
    if (id !== undefined && known === undefined) {
      forget(this.#sharedFiles);
      this.#sharedFiles.set(id, share);
    }
    return share;
  }

  /** Others can get this file from us from now on; if we receive a share twice, only the first one. */
  hold(incoming: SwarmFile): void {
    const { share } = incoming.offer;
    if (share === undefined || this.#holdings.has(share)) return;
    forget(this.#holdings);
    this.#holdings.set(share, incoming);
  }

  drop(incoming: SwarmFile): void {
    const { share } = incoming.offer;
    if (share !== undefined && this.#holdings.get(share) === incoming) this.#holdings.delete(share);
  }

  holding(share: string): SwarmFile | null {
    return this.#holdings.get(share) ?? null;
  }

  /** Requests a chunk from the holder; false if that is impossible. */
  ask(incoming: SwarmFile, index: number, holder: string): boolean {
    const { share } = incoming.offer;
    if (share === undefined || this.holding(share) !== incoming) return false;
    return this.#peers.get(holder)?.ask(share, index) ?? false;
  }

  remember(incoming: SwarmFile, index: number, bytes: Uint8Array<ArrayBuffer>): void {
    const { share } = incoming.offer;
    if (share === undefined || this.holding(share) !== incoming) return;
    for (const oldest of this.#recent.keys()) if (this.#recent.size >= RECENT_CHUNKS) this.#recent.delete(oldest);
    this.#recent.set(`${index} ${share}`, bytes);
  }

  recall({ offer: { share } }: SwarmFile, index: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#recent.get(`${index} ${share}`);
  }
}

/** Drops the oldest closed ones, if there are many. */
export function forget<T extends { readonly isOpen: boolean }>(
  all: Map<string, T>,
  forgotten: (one: T) => void = () => undefined,
): void {
  for (const [id, one] of all) {
    if (all.size < 2 * TRANSFERS_MAX) return;
    if (one.isOpen) continue;
    all.delete(id);
    forgotten(one);
  }
}
