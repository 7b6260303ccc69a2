import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { FileStorage, Platform } from '../../platform/platform';
import { fileWords } from '../../strings/files';
import { cleanName, shownName } from '../name';
import type { Notices } from '../notices';
import { Subscriptions } from '../subscriptions';
import { type DroppedFiles, type Folder, folderOfChosen, mostDropped } from './dropped-files';
import { ResumableFiles } from './resumable';
import { Incoming, isOver, Outgoing, type Transfer } from './transfer';
import { Unfinished } from './unfinished';

/** Files that one person is asked for or gets at a time; the SDK allows 64. */
const mostAtOnce = 48;

/** Files that came to nothing and are shown. */
const mostStopped = 32;

interface Queued {
  readonly peer: sdk.Peer;
  readonly file: File;
  /** Of a folder, whose bytes the file is. */
  readonly entries: readonly sdk.FileEntry[] | null;
  readonly preview: string;
  /** The same for all who get it, so that they pass it on to each other; empty if it is for one person. */
  readonly share: string;
}

/** Files that go from one to the other in this call. */
export class Files {
  readonly transfers = signal<readonly Transfer[]>([]);
  readonly asking = computed(() => this.transfers.value.filter((one) => one.asksUs));
  /** How many wait for the person: for an answer, for their file after a reload, for a place. */
  readonly waiting = computed(
    () =>
      this.asking.value.length +
      this.unfinished.entries.value.length +
      this.transfers.value.filter((one) => one instanceof Incoming && one.needsPlace).length,
  );
  /** To whom the next files go, by id; empty for everyone. */
  readonly to = signal('');
  /** Not offered yet: those before them come first. */
  readonly queue = signal<readonly Queued[]>([]);
  readonly unfinished: Unfinished;
  readonly resumable: ResumableFiles;
  readonly #platform: Platform;
  readonly #room: sdk.Room;
  readonly #notices: Notices;
  readonly #storage: FileStorage;
  readonly #open: ReadonlySignal<boolean>;
  readonly #subscriptions = new Subscriptions();
  /** Those whose files need no more asking. */
  readonly #trusted = new Set<string>();
  /** Who is in the call, and what ends our listening to their offers. */
  readonly #met = new Map<sdk.Peer, () => void>();
  #running = 0;

  /** `open`: whether the person looks at them. */
  constructor(platform: Platform, room: sdk.Room, notices: Notices, open: ReadonlySignal<boolean>) {
    this.#platform = platform;
    this.#room = room;
    this.#notices = notices;
    this.#storage = platform.storage;
    this.#open = open;
    this.unfinished = new Unfinished(platform.session, room.name);
    this.resumable = new ResumableFiles(this.unfinished, platform.fileHandles);
    // Fails where the server is away just then: what is asked of the disk first tries again.
    void this.#storage.prepare().catch(() => undefined);
    this.#subscriptions.on(room.peers, (peers) => {
      this.#meet(peers);
      if (!peers.some((peer) => peer.id === this.to.peek())) this.to.value = '';
      this.queue.value = this.queue.peek().filter(({ peer }) => peers.includes(peer));
      void this.#goOn();
    });
  }

  /** Whether the hosts of the room allow files. */
  get allowed(): boolean {
    return this.#room.hosting.rules.current.files;
  }

  /** Whether the site lets us send some. */
  get maySend(): boolean {
    return this.#room.may.current.has('files');
  }

  /** Offers the files and folders to whom they are for; one that was on its way before a reload goes on. */
  async send(files: readonly (File | Folder)[]): Promise<void> {
    if (!this.allowed || !this.maySend) {
      this.#notices.show(this.maySend ? fileWords.forbidden : fileWords.receiveOnly);
      return;
    }
    const to = this.to.peek();
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
      const chosen = peers.filter((peer) => to === '' || peer.id === to);
      const share = chosen.length > 1 ? uuid(this.#platform.random) : '';
      const queued = chosen.map((peer) => ({ peer, file, entries, preview, share }));
      this.queue.value = [...this.queue.peek(), ...queued];
      this.#offerNext();
    }
  }

  /** Offers the folder of these files, as they were chosen. */
  async sendFolder(files: readonly File[]): Promise<void> {
    const folder = folderOfChosen(files);
    if (folder !== null) await this.send([folder]);
  }

  /** Offers what was dropped or pasted. */
  async sendDropped(dropped: Promise<DroppedFiles>): Promise<void> {
    const files = await dropped;
    if (files === null) this.#notices.show(fileWords.tooMany(mostDropped));
    else if (files === 'unreadable') this.#notices.show(fileWords.unreadable);
    else await this.send(files);
  }

  /** Whether the browser can keep hold of files that are chosen by {@link choose}. */
  get keeps(): boolean {
    return this.#platform.fileHandles.choose !== null;
  }

  async choose(): Promise<void> {
    const files = await this.#platform.fileHandles.choose?.().catch(() => []); // the person chose none
    await this.send(files ?? []);
  }

  /** Has the person let the browser read again what it kept hold of. To be called while a click runs. */
  async goOn(): Promise<void> {
    await this.resumable.ask();
    await this.#goOn();
  }

  /** It waits for its file no longer. */
  giveUp(id: string): void {
    this.unfinished.drop(id);
    this.#release([id]);
  }

  /** To be called while a click runs: where a folder goes may have to be asked. */
  accept(one: Incoming): void {
    void this.#accept(one);
  }

  /** This one and all that this person offers until the call ends. */
  acceptAll(one: Incoming): void {
    this.#trusted.add(one.personId);
    void this.#accept(one);
    for (const other of this.asking.peek()) {
      if (other instanceof Incoming && other.personId === one.personId && other !== one) void this.#take(other);
    }
  }

  /** To be called while a click runs, as {@link accept}. */
  async save(one: Incoming): Promise<void> {
    if (one.entries !== null && !(await this.#place(one))) return;
    await this.#save(one);
  }

  /** Takes what is over out of sight. */
  clear(): void {
    this.#drop(this.transfers.peek().filter((one) => isOver(one.progress.peek().state)));
  }

  end(): void {
    this.#subscriptions.end();
    this.#meet([]);
    for (const one of this.transfers.peek()) one.end();
    this.#release(this.unfinished.forget());
    this.#platform.stayAwake(false);
  }

  /** Offers again what an earlier page was sending to those who are here, as far as the browser gives it to us. */
  async #goOn(): Promise<void> {
    const peers = this.#room.peers.current;
    const waiting = this.unfinished.entries.peek().filter(({ to }) => peers.some(({ id }) => id === to));
    for (const [{ id, to, name, size, share }, file] of await this.resumable.readable(waiting)) {
      if (file.name !== name || file.size !== size) continue; // it was changed since: the person chooses
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
          peer.onOffer((file) => void this.#hear(peer, file)),
        );
    }
  }

  /** Offers what is queued, to each as much as they can have at once. */
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

  /** As it can be offered; null, with words to the person, if it can't. */
  #whole(one: File | Folder): { readonly file: File; readonly entries: readonly sdk.FileEntry[] | null } | null {
    if (one instanceof File) return { file: one, entries: null };
    const whole = this.#platform.sdk.folderOf(one.name, one.files);
    if (whole === null)
      this.#notices.show(one.files.length === 0 ? fileWords.emptyFolder : fileWords.tooMany(mostDropped));
    return whole;
  }

  #onTheirWay({ id }: sdk.Peer): number {
    const open = (one: Transfer) => one.mine && one.personId === id && !isOver(one.progress.peek().state);
    return this.transfers.peek().filter(open).length;
  }

  #offer({ peer, file, entries, preview, share }: Queued, earlier: Pick<sdk.OfferOptions, 'id'>): void {
    const options = { ...earlier, preview, ...(entries !== null && { entries }), ...(share !== '' && { share }) };
    const transfer = peer.offer(file, options);
    const { id } = transfer.offer;
    this.unfinished.add({ id, name: file.name, size: file.size, folder: entries !== null, to: peer.id, share });
    void this.#platform.fileHandles.keep(id, file).catch(() => undefined); // then it is chosen again
    this.#add(new Outgoing(transfer, peer, cleanName(file.name), this.#platform.now));
  }

  /** Asks the person, unless it was asked before: of a page that was loaded anew, or by "accept all". */
  async #hear(peer: sdk.Peer, file: sdk.IncomingFile): Promise<void> {
    if (!this.allowed) {
      file.decline();
      return;
    }
    const one = new Incoming(file, peer, this.#platform.now);
    const kept = await this.#storage.find(one.id).catch(() => null);
    if (one.progress.peek().state !== 'asked') return one.end();
    this.#add(one);
    if (kept !== null) await this.#store(one, kept);
    else if (this.#trusted.has(peer.id)) await this.#take(one);
    else this.#notices.tell(fileWords.offered(shownName(peer.name), one.name));
  }

  #drop(those: readonly Transfer[]): void {
    for (const one of those) one.end();
    this.transfers.value = this.transfers.peek().filter((one) => !those.includes(one));
  }

  /** What came to nothing goes when there is much of it: whoever offers and withdraws without end fills nobody's memory. */
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
    if (one instanceof Incoming && one.progress.peek().state === 'verified' && one.stored) void this.#save(one);
  }

  #count(change: number): void {
    this.#running += change;
    this.#platform.stayAwake(this.#running > 0);
  }

  async #accept(one: Incoming): Promise<void> {
    if (one.entries === null || (await this.#place(one))) await this.#take(one);
  }

  /** Has the person choose where a folder goes, where the browser lets us ask; false if they don't. */
  async #place(one: Incoming): Promise<boolean> {
    if (this.#storage.pickFolder === null) return true;
    one.place = await this.#storage.pickFolder().catch(() => null);
    return one.place !== null;
  }

  /** A folder goes to its place, as soon as it has one; or it becomes an archive where there are no such places. */
  async #save(one: Incoming): Promise<void> {
    const { id, name, entries, place } = one;
    one.problem.value = null;
    try {
      if (entries === null) return await this.#storage.save(id, name);
      if (place === null && this.#storage.pickFolder !== null) return;
      one.saving.value = 'runs';
      if (place === null) await this.#storage.saveZip(id, name, entries);
      else await this.#storage.copy(id, await place.write(name, entries));
      one.saving.value = 'done';
    } catch {
      one.saving.value = 'no';
      one.problem.value = entries === null ? 'lost' : 'unsaved';
    }
  }

  /** Into the browser's own storage if there is room, from where a reload can go on; else where the person says. */
  async #take(one: Incoming): Promise<void> {
    one.problem.value = null;
    try {
      if (await this.#storage.hasRoom(one.size)) return await this.#store(one, null);
      const { entries, place, name } = one;
      const to = entries === null ? await this.#storage.pick(name) : ((await place?.write(name, entries)) ?? null);
      if (to === null) one.problem.value = 'room';
      else one.accept(to, null, null);
    } catch {
      one.problem.value = 'disk';
    }
  }

  async #store(one: Incoming, found: Blob | null): Promise<void> {
    const kept = found === null ? null : await this.#platform.sdk.keptIn(found);
    one.stored = true;
    const to = await this.#storage.store(one.id, kept?.bytes ?? 0);
    one.accept(to, kept, (start, bytes) => this.#storage.read(one.id, start, bytes));
  }
}

function uuid(random: Platform['random']): string {
  const digits = [...random(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
