import { type FileOffer, TRANSFERS_MAX } from './offer.ts';
import { SharedFile } from './shared-file.ts';

/** Chunks of files for several people that are kept after they were stored, to be passed on: 8 MiB. */
const RECENT_CHUNKS = 32;

/** The way to another member. */
export interface SwarmPeer {
  /** Asks them for a chunk; false if there is no link. */
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

/** What the files of one room have to do with each other: those that go to several people, who pass them on. */
export class Swarm {
  readonly #peers = new Map<string, SwarmPeer>();
  /** Files of ours. */
  readonly #sharedFiles = new Map<string, SharedFile>();
  /** Files that come to us: of each share one. */
  readonly #holdings = new Map<string, SwarmFile>();
  readonly #recent = new Map<string, Uint8Array<ArrayBuffer>>();

  enter(who: string, neighbour: SwarmPeer): void {
    this.#peers.set(who, neighbour);
  }

  exit(who: string, neighbour: SwarmPeer): void {
    if (this.#peers.get(who) === neighbour) this.#peers.delete(who);
  }

  /** The file on its way to all who are offered it under this share; without one it is for one person. */
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

  /** From now on others can have it from us; of a share that we get twice, only the first one. */
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

  /** Asks the holder for a chunk; false if they can't be asked. */
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

/** Of what is over only the latest is known. */
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
