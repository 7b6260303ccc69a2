import type * as sdk from '@eyeline/sdk';
import { folderOf } from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { fileWords } from '../../strings/files';
import { shownNames } from '../look-alike';
import { cleanName, shownName } from '../name';
import type { Notices } from '../notices';
import { Subscriptions } from '../subscriptions';
import { folderOfChosen } from './chosen-folder';
import { type DroppedFiles, type Folder, mostDropped } from './dropped-files';
import { ReceivedFiles } from './received-files';
import { ResumableFiles } from './resumable';
import { Incoming, isOver, Outgoing, type Partner, type Transfer } from './transfer';
import { Unfinished } from './unfinished';

/** Files offered or sent to one person at a time; the SDK allows 64. */
const mostAtOnce = 48;

/** How many stopped transfers stay in the list. */
const mostStopped = 32;

interface Queued {
  readonly peer: sdk.Peer;
  readonly file: File;
  /** For a folder: its files, whose bytes `file` holds. */
  readonly entries: readonly sdk.FileEntry[] | null;
  readonly preview: string;
  /**
   * The same id for everyone who gets the file, so that they pass it on to each other; empty if it's for one person.
   */
  readonly share: string;
}

/** File transfers in this call. */
export class Files {
  readonly transfers = signal<readonly Transfer[]>([]);
  readonly asking = computed(() =>
    this.transfers.value.filter((one): one is Incoming => one instanceof Incoming && one.asksUs),
  );
  /** The same, those of one person together. */
  readonly askingByPerson = computed(() => {
    const offers = new Map<string, Incoming[]>();
    for (const one of this.asking.value) offers.set(one.personId, [...(offers.get(one.personId) ?? []), one]);
    return [...offers.values()];
  });
  /** How many transfers wait for the person: for an answer, for a file after a reload, or for a folder to save in. */
  readonly waiting = computed(
    () =>
      this.asking.value.length +
      this.unfinished.entries.value.length +
      this.transfers.value.filter((one) => one instanceof Incoming && one.needsPlace).length,
  );
  /** Recipient of the next files, by id; empty for everyone. */
  readonly to = signal('');
  /** The queue: not offered yet, because too many others are on the way. */
  readonly queue = signal<readonly Queued[]>([]);
  readonly unfinished: Unfinished;
  readonly resumable: ResumableFiles;
  readonly #platform: Platform;
  readonly #room: sdk.Room;
  readonly #notices: Notices;
  readonly #received: ReceivedFiles;
  readonly #open: ReadonlySignal<boolean>;
  readonly #subscriptions = new Subscriptions();
  /** Ids of people whose files are all accepted. */
  readonly #trusted = new Set<string>();
  /** The people in the call, each with a function that stops listening to their offers. */
  readonly #met = new Map<sdk.Peer, () => void>();
  #running = 0;

  /** `open`: whether the files panel is open. */
  constructor(platform: Platform, room: sdk.Room, notices: Notices, open: ReadonlySignal<boolean>) {
    this.#platform = platform;
    this.#room = room;
    this.#notices = notices;
    this.#received = new ReceivedFiles(platform, room.name);
    this.#open = open;
    this.unfinished = new Unfinished(platform, room.name);
    this.resumable = new ResumableFiles(this.unfinished, platform.fileHandles);
    void this.unfinished.ready.then(() => this.#goOn());
    this.#subscriptions.on(room.peers, (peers) => {
      this.#meet(peers);
      if (!peers.some((peer) => peer.id === this.to.peek())) this.to.value = '';
      this.queue.value = this.queue.peek().filter(({ peer }) => peers.includes(peer));
      void this.#goOn();
    });
  }

  /** Whether the hosts of the room allow files. */
  get allowed(): boolean {
    return this.#room.moderation.rules.current.files;
  }

  /** Whether we have permission to send files. */
  get maySend(): boolean {
    return this.#room.permissions.current.has('files');
  }

  /** Offers files and folders to this person, or to the chosen people. One that was being sent before a reload is resumed. */
  async send(files: readonly (File | Folder)[], to = this.to.peek()): Promise<void> {
    if (!this.allowed || !this.maySend) {
      this.#notices.show(this.maySend ? fileWords.forbidden : fileWords.receiveOnly);
      return;
    }
    for (const one of files) {
      const whole = this.#whole(one);
      if (whole === null) continue;
      const { file, entries } = whole;
      const preview = file.type.startsWith('image/') ? await this.#platform.preview(file) : '';
      const peers = this.#room.peers.current;
      const before = this.unfinished.take(file, entries !== null, (id) => peers.some((peer) => peer.id === id));
      for (const { id, to, share } of before) {
        const peer = peers.find((one) => one.id === to);
        if (peer !== undefined) this.#offer({ peer, file, entries, preview, share }, { id });
      }
      if (before.length > 0) continue;
      const chosen = peers.filter((peer) => !peer.sip && (to === '' || peer.id === to));
      if (chosen.length === 0 && peers.length > 0) this.#notices.show(fileWords.phone);
      const share = chosen.length > 1 ? uuid(this.#platform.random) : '';
      const queued = chosen.map((peer) => ({ peer, file, entries, preview, share }));
      this.queue.value = [...this.queue.peek(), ...queued];
      this.#offerNext();
    }
  }

  /** Offers a folder, given the files that were chosen from it. */
  async sendFolder(files: readonly File[]): Promise<void> {
    const folder = folderOfChosen(files);
    if (folder !== null) await this.send([folder]);
  }

  /** Offers what was dropped or pasted, as {@link send}. */
  async sendDropped(dropped: Promise<DroppedFiles>, to = this.to.peek()): Promise<void> {
    const files = await dropped;
    if (files === null) this.#notices.show(fileWords.tooMany(mostDropped));
    else if (files === 'unreadable') this.#notices.show(fileWords.unreadable);
    else await this.send(files, to);
  }

  /** Whether the browser can keep handles of files chosen with {@link choose}. */
  get keeps(): boolean {
    return this.#platform.fileHandles.choose !== null;
  }

  async choose(): Promise<void> {
    const files = await this.#platform.fileHandles.choose?.().catch(() => []); // the person cancelled
    await this.send(files ?? []);
  }

  /** Asks for permission to read files again after a reload, and resumes them. Call it while a click runs. */
  async goOn(): Promise<void> {
    await this.resumable.ask();
    await this.#goOn();
  }

  /** Gives up a transfer that waits for its file. */
  giveUp(id: string): void {
    this.unfinished.drop(id);
    this.#release([id]);
  }

  /** Call it while a click runs: it may have to ask where to put a folder. */
  accept(one: Incoming): void {
    void this.#accept(one);
  }

  /** Accepts this one and everything this person offers until the call ends. */
  acceptAll(one: Incoming): void {
    this.#trusted.add(one.personId);
    void this.#accept(one);
    for (const other of this.asking.peek()) {
      if (other.personId === one.personId && other !== one) void this.#received.take(other);
    }
  }

  /**
   * Accepts these, and nothing that is offered later. Call it while a click runs: it may have to ask where to put the
   * first folder. A browser asks once in a click, so the others ask later.
   */
  acceptThese(those: readonly Incoming[]): void {
    const folder = those.find(({ entries }) => entries !== null);
    if (folder !== undefined) void this.#accept(folder);
    for (const one of those) if (one !== folder) void this.#received.take(one);
  }

  /** Call it while a click runs, as {@link accept}. */
  async save(one: Incoming): Promise<void> {
    if (one.entries !== null && !(await this.#received.choosePlace(one))) return;
    await this.#received.save(one);
  }

  /** Removes finished transfers from the list, and their bytes, but none that wait to be saved. */
  clear(): void {
    this.#drop(this.transfers.peek().filter((one) => isOver(one.progress.peek().state) && !needsSaving(one)));
  }

  end(): void {
    this.#subscriptions.end();
    this.#meet([]);
    for (const one of this.transfers.peek()) one.end();
    this.#count(-this.#running);
  }

  /** We left the call: gives up what was kept for a reload. */
  leave(): void {
    this.#release(this.unfinished.forget());
    void this.#received.leave();
  }

  /** Resumes what an earlier page was sending to people who are here, as far as the files can be read. */
  async #goOn(): Promise<void> {
    const peers = this.#room.peers.current;
    const waiting = this.unfinished.entries.peek().filter(({ to }) => peers.some(({ id }) => id === to));
    for (const [{ id, to, name, size, share }, file] of await this.resumable.readable(waiting)) {
      if (file.name !== name || file.size !== size) continue; // the file has changed: the person has to choose it
      const preview = await this.#platform.preview(file);
      const peer = this.#room.peers.current.find((one) => one.id === to);
      if (peer !== undefined && this.unfinished.claim(id) !== null)
        this.#offer({ peer, file, entries: null, preview, share }, { id });
    }
  }

  #release(ids: readonly string[]): void {
    void this.#platform.fileHandles.forget(ids).catch(() => undefined);
  }

  #meet(peers: readonly sdk.Peer[]): void {
    for (const [peer, end] of this.#met) {
      if (peers.includes(peer)) continue;
      end();
      this.#met.delete(peer);
    }
    for (const peer of peers) {
      if (!this.#met.has(peer))
        this.#met.set(
          peer,
          peer.onFile((file) => void this.#hear(peer, file)),
        );
    }
  }

  /** Offers queued files, up to the limit for each person. */
  #offerNext(): void {
    const room = new Map<sdk.Peer, number>();
    for (const { peer } of this.queue.peek()) if (!room.has(peer)) room.set(peer, mostAtOnce - this.#onTheirWay(peer));
    const later: Queued[] = [];
    for (const one of this.queue.peek()) {
      const left = room.get(one.peer) ?? 0;
      room.set(one.peer, left - 1);
      if (left > 0) this.#offer(one, {});
      else later.push(one);
    }
    this.queue.value = later;
  }

  /** Turns it into something that can be offered; shows a notice and returns null if it can't be. */
  #whole(one: File | Folder): { readonly file: File; readonly entries: readonly sdk.FileEntry[] | null } | null {
    if (one instanceof File) return { file: one, entries: null };
    const whole = folderOf(one.name, one.files);
    if (whole === null)
      this.#notices.show(one.files.length === 0 ? fileWords.emptyFolder : fileWords.tooMany(mostDropped));
    return whole;
  }

  #onTheirWay({ id }: sdk.Peer): number {
    const open = (one: Transfer) => one.mine && one.personId === id && !isOver(one.progress.peek().state);
    return this.transfers.peek().filter(open).length;
  }

  #offer({ peer, file, entries, preview, share }: Queued, earlier: Pick<sdk.SendFileOptions, 'id'>): void {
    const options = { ...earlier, preview, ...(entries !== null && { entries }), ...(share !== '' && { share }) };
    const transfer = peer.sendFile(file, options);
    const { id } = transfer.offer;
    this.unfinished.add({ id, name: file.name, size: file.size, folder: entries !== null, to: peer.id, share });
    void this.#platform.fileHandles.keep(id, file).catch(() => undefined); // then it has to be chosen again
    this.#add(new Outgoing(transfer, this.#partner(peer), cleanName(file.name), this.#platform.now));
  }

  /** Asks the person, unless it was accepted before: before a reload, or by "accept all". */
  async #hear(peer: sdk.Peer, file: sdk.IncomingFile): Promise<void> {
    if (!this.allowed) {
      file.decline();
      return;
    }
    const one = new Incoming(file, this.#partner(peer), this.#platform.now);
    const kept = await this.#received.find(one);
    if (one.progress.peek().state !== 'asked') return one.end();
    this.#add(one);
    if (kept !== null) await this.#received.resume(one, kept);
    else if (this.#trusted.has(peer.id)) await this.#received.take(one);
    else this.#notices.tell(fileWords.offered(one.person, one.name));
  }

  #partner(peer: sdk.Peer): Partner {
    return { peer, person: shownNames(this.#room.peers.current).get(peer.id) ?? shownName(peer.name) };
  }

  #drop(those: readonly Transfer[]): void {
    for (const one of those) {
      one.end();
      if (one instanceof Incoming) this.#received.delete(one);
    }
    this.transfers.value = this.transfers.peek().filter((one) => !those.includes(one));
  }

  /** Old stopped transfers are dropped, so that somebody who keeps offering and withdrawing can't fill our memory. */
  #add(one: Transfer): void {
    const stopped = this.transfers.peek().filter((each) => each.progress.peek().state === 'stopped');
    this.#drop(stopped.slice(0, -mostStopped));
    this.transfers.value = [...this.transfers.peek(), one];
    let state = one.progress.peek().state;
    let runs = false;
    one.subscriptions.add(
      one.progress.subscribe((now) => {
        const running = now.state === 'running' && now.paused === 'no';
        if (running !== runs) this.#count(running ? 1 : -1);
        runs = running;
        if (now.state === state) return;
        state = now.state;
        if (isOver(state)) this.#conclude(one);
      }),
    );
  }

  #conclude(one: Transfer): void {
    if (one instanceof Outgoing) {
      this.giveUp(one.id);
      this.#offerNext();
    }
    if (this.#open.peek()) this.#notices.tell(fileWords.over(one));
    else this.#notices.show(fileWords.over(one));
    if (one instanceof Outgoing || one.progress.peek().state !== 'verified') return;
    if (one.stored.peek()) void this.#received.save(one);
    else one.saving.value = 'done'; // it was written to a file that the person picked
  }

  #count(change: number): void {
    this.#running += change;
    this.#platform.stayAwake(this.#running > 0);
    this.#platform.warnOnLeave(this.#running > 0);
  }

  async #accept(one: Incoming): Promise<void> {
    if (one.entries === null || (await this.#received.choosePlace(one))) await this.#received.take(one);
  }
}

/** A complete file that the browser hasn't been given yet. */
function needsSaving(one: Transfer): boolean {
  const waits = one instanceof Incoming && one.stored.peek() && ['no', 'runs'].includes(one.saving.peek());
  return waits && one.progress.peek().state === 'verified';
}

function uuid(random: Platform['random']): string {
  const digits = [...random(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
