/** One file on its way from Alice to several people: the machines, lines between all, and a small edge around each. */

import { type ChunkRef, ChunkRequests } from '../src/files/chunk-requests.ts';
import { ChunkScheduler } from '../src/files/chunk-scheduler.ts';
import type { FileFrame } from '../src/files/frames.ts';
import { chunkBytes, chunkCount, type FileOffer, WINDOW_CHUNKS } from '../src/files/offer.ts';
import { FileReceiver, type ReceiverEffect } from '../src/files/receiver.ts';
import { FileSender, type SenderEffect } from '../src/files/sender.ts';
import { Clock, Lines, type Message } from './lines.ts';

const ALICE = 'alice';
const ID = '00000000-0000-4000-8000-000000000000';
const SHARE = '00000000-0000-4000-8000-00000000000f';
const FRAME_BYTES = 150;
const SLICE_BYTES = 16 * 1024;
/** Bytes that wait in a channel: of Alice's together, and of one on which something is passed on. */
const WAITING_BYTES = 1024 * 1024;
const PASSED_WAITING_BYTES = 64 * 1024;
/** Chunks that are kept after they were stored. */
const RECENT_CHUNKS = 32;

/** Somebody's line and disk, in bytes a second, and what they do with what they have. */
export interface Traits {
  readonly up: number;
  readonly down: number;
  readonly disk: number;
  readonly readsBack: boolean;
  /** How often what they pass on is wrong, from 0 to 1. */
  readonly lies: number;
}

export const EQUAL: Traits = { up: 4e6, down: 8e6, disk: 50e6, readsBack: true, lies: 0 };

/** Somebody's page, and their disk. */
export class Person {
  readonly id: string;
  readonly traits: Traits;
  readonly passing = new Map<string, ChunkRequests>();
  /** What is being sent, by receiver, and where the next thing is read. */
  readonly sending = new Map<string, Message[]>();
  readonly reading = new Set<string>();
  sender: FileSender | null = null;
  receiver: FileReceiver | null = null;
  /** What is in memory. */
  readonly kept = new Set<number>();
  recent: number[] = [];
  stored = 0;
  here = true;
  /** When the file was whole. */
  finished = Number.POSITIVE_INFINITY;

  constructor(id: string, traits: Traits) {
    this.id = id;
    this.traits = traits;
  }
}

export class CrowdWorld {
  readonly clock = new Clock();
  readonly offer: FileOffer;
  readonly people: readonly Person[];
  /** How often a chunk from Alice comes wrong, from 0 to 1. */
  spoils = 0;
  readonly #alice: Person;
  readonly #lines: Lines;
  readonly #random: () => number;
  #sharing: ChunkScheduler;
  #callOff: () => void = () => undefined;

  constructor(size: number, alice: Traits, people: readonly Traits[], random: () => number, latency = 0.02) {
    const share = people.length > 1 ? { share: SHARE } : {};
    this.offer = { id: ID, name: 'a', size, preview: '', ...share };
    this.#random = random;
    this.#lines = new Lines(this.clock, latency, (from, to) => this.#wake(from, to));
    this.#alice = new Person(ALICE, alice);
    this.people = people.map((traits, index) => new Person(`p${index}`, traits));
    this.#sharing = new ChunkScheduler(chunkCount(size));
    for (const { id, traits } of this.#all) this.#lines.add(id, traits.up, traits.down);
    for (const one of this.#all) for (const { id } of this.#all) one.passing.set(id, new ChunkRequests());
  }

  /** Bytes that have left Alice, for each byte of the file. */
  get sent(): number {
    return this.#lines.sent(ALICE) / this.offer.size;
  }

  /** Alice offers the file to a person, who accepts. */
  start(person: Person): void {
    person.sender = new FileSender(this.offer, this.#sharing, person.id);
    person.receiver = new FileReceiver(this.offer);
    this.#send(person, person.sender.opened());
  }

  pause(person: Person, on: boolean, byAlice: boolean): void {
    if (byAlice) this.#send(person, person.sender?.pause(on) ?? []);
    else this.#receive(person, person.receiver?.pause(on) ?? []);
  }

  cancel(person: Person): void {
    this.#receive(person, person.receiver?.stop('cancelled') ?? []);
  }

  cut(one: string, other: string): void {
    this.#lines.cut(one, other);
  }

  /** A new link, also where there was one. */
  heal(one: string, other: string): void {
    const [a, b] = [this.#person(one), this.#person(other)];
    if (!a.here || !b.here) return;
    this.#lines.join(one, other);
    this.#renew(a, other);
    this.#renew(b, one);
    const person = a === this.#alice ? b : a;
    if (a === this.#alice || b === this.#alice) this.#send(person, person.sender?.opened() ?? []);
  }

  healAll(): void {
    for (const one of this.#all) for (const other of this.#all) if (one.id < other.id) this.heal(one.id, other.id);
  }

  /** They leave the room, and everyone learns of it. */
  leave(person: Person): void {
    person.here = false;
    for (const other of this.#all) {
      if (other === person) continue;
      this.#lines.cut(person.id, other.id);
      this.#renew(other, person.id);
    }
    this.#send(person, person.sender?.stop('gone') ?? []);
    if (person.sender !== null) this.#sharing.leave(person.sender.copy);
    this.#spread();
  }

  /** Reloads their page, which finds what is on disk. */
  reload(person: Person): void {
    if (!person.here || person.sender?.state !== 'running') return;
    person.receiver = new FileReceiver(this.offer);
    person.kept.clear();
    person.recent = [];
    for (const { id } of this.#all) if (id !== person.id) this.heal(person.id, id);
  }

  /** Reloads Alice's page, where she chooses the same file again. */
  reloadAlice(): void {
    this.#sharing = new ChunkScheduler(chunkCount(this.offer.size));
    for (const person of this.people) {
      if (!person.here || !['asked', 'running'].includes(person.sender?.state ?? '')) continue;
      person.sender = new FileSender(this.offer, this.#sharing, person.id);
      this.heal(ALICE, person.id);
    }
  }

  get #all(): readonly Person[] {
    return [this.#alice, ...this.people];
  }

  #person(id: string): Person {
    const person = this.#all.find((each) => each.id === id);
    if (person === undefined) throw new Error(`${id} is nobody`);
    return person;
  }

  #renew(person: Person, other: string): void {
    person.sending.delete(other);
    person.reading.delete(other);
    this.#lose(person, other, this.#passing(person, other).lose());
  }

  #say(from: Person, to: Person, frame: FileFrame): void {
    const arrive = (): void => {
      if (to === this.#alice) this.#send(from, from.sender?.receive(frame, this.clock.now) ?? []);
      else this.#hear(to, frame);
    };
    this.#lines.post(from.id, to.id, { bytes: FRAME_BYTES, arrive });
  }

  // What is sent over a connection: frames at once, bytes slice by slice as the buffer drains.

  #wake(from: string, to: string): void {
    const [one, other] = [this.#person(from), this.#person(to)];
    const link = this.#lines.link(from, to);
    if (link === null || one.reading.has(to)) return;
    const most = one === this.#alice ? WAITING_BYTES / this.people.length : PASSED_WAITING_BYTES;
    const slices = one.sending.get(to) ?? [];
    while (slices.length > 0 && this.#lines.waiting(from, to) <= most) {
      const slice = slices.shift();
      if (slice !== undefined) this.#lines.post(from, to, slice);
    }
    if (this.#lines.waiting(from, to) > most) return;
    const next = one === this.#alice ? this.#nextChunk(other) : this.#nextPassed(one, other);
    if (next === null) return;
    one.reading.add(to);
    this.clock.later(0.001, () => {
      if (this.#lines.link(from, to) !== link) return;
      one.reading.delete(to);
      one.sending.set(
        to,
        this.#slices(next, () => this.#passing(other, from).progressed(this.clock.now)),
      );
      this.#wake(from, to);
    });
  }

  #slices({ bytes, arrive }: Message, moved: () => void): Message[] {
    const count = Math.ceil(bytes / SLICE_BYTES);
    return Array.from({ length: count }, (_, index) => {
      const last = index === count - 1;
      return { bytes: last ? bytes - index * SLICE_BYTES : SLICE_BYTES, arrive: last ? arrive : moved };
    });
  }

  #nextChunk(to: Person): Message | null {
    const index = to.sender === null ? null : this.#sharing.seed(to.sender.copy, this.clock.now);
    if (index === null) return null;
    const arrive = (): void => {
      const right = this.#random() >= this.spoils;
      this.#receive(to, to.receiver?.chunk(index, this.#bytes(index), right) ?? []);
    };
    return { bytes: this.#bytes(index), arrive };
  }

  #nextPassed(holder: Person, to: Person): Message | null {
    const piece = this.#passing(holder, to.id).next();
    if (piece === null) return null;
    const { index } = piece;
    const stored = index < holder.stored && (holder.traits.readsBack || holder.recent.includes(index));
    if (holder.receiver?.serves !== true || !(stored || holder.kept.has(index)))
      return { bytes: FRAME_BYTES, arrive: () => this.#lacks(holder, to, piece) };
    const right = this.#random() >= holder.traits.lies;
    const arrive = (): void => {
      if (!this.#passing(to, holder.id).answered(piece)) return;
      this.#receive(to, to.receiver?.passed(index, holder.id, this.#bytes(index), right) ?? []);
    };
    return { bytes: this.#bytes(index), arrive };
  }

  // Alice.

  #send(person: Person, effects: readonly SenderEffect[]): void {
    const { sender } = person;
    for (const effect of effects) {
      if (effect.do === 'send') this.#say(this.#alice, person, effect.frame);
      else if (effect.do === 'root') this.#say(this.#alice, person, { frame: 'root', id: ID, hash: '' });
      else this.clock.later(0.01, () => this.#send(person, sender?.compared(effect.next, true) ?? []));
    }
    this.#spread();
  }

  #spread(): void {
    for (const { replica: to, index, holder } of this.#sharing.assign(this.clock.now))
      this.#say(this.#alice, this.#person(to.peerId), { frame: 'at', id: ID, index, hash: '', holder });
    for (const { id } of this.people) this.#wake(ALICE, id);
    this.#callOff();
    const due = this.#sharing.nextWake(this.clock.now);
    if (due !== null) this.#callOff = this.clock.later(due - this.clock.now, () => this.#spread());
  }

  // The others.

  #hear(person: Person, frame: FileFrame): void {
    const { receiver } = person;
    if (receiver === null) return;
    if (frame.frame === 'offer')
      this.#receive(person, receiver.state === 'asked' ? receiver.accept(person.stored) : receiver.offered());
    else if (frame.frame === 'at') this.#receive(person, receiver.at(frame.index, frame.hash, frame.holder));
    else if (frame.frame === 'root') this.#receive(person, receiver.root(true));
    else if (frame.frame === 'stop') this.#receive(person, receiver.stopped(frame.code));
    else if (frame.frame === 'pause') this.#receive(person, receiver.paused(frame.on));
  }

  #receive(person: Person, effects: readonly ReceiverEffect[]): void {
    const { receiver } = person;
    if (receiver === null) return;
    for (const effect of effects) {
      if (effect.do === 'send') this.#say(person, this.#alice, effect.frame);
      else if (effect.do === 'ask')
        this.#say(person, this.#alice, { frame: 'from', id: ID, next: receiver.have, hash: '' });
      else if (effect.do === 'keep') person.kept.add(effect.index);
      else if (effect.do === 'write') this.#write(person, receiver, effect.index);
      else if (effect.do === 'get') this.#get(person, effect.index, effect.holder);
      else if (effect.do === 'close') this.clock.later(0.01, () => this.#closed(person, receiver));
    }
    for (const index of person.kept) if (!receiver.kept.has(index)) person.kept.delete(index);
    if (Math.max(person.kept.size, receiver.wanted.size) > WINDOW_CHUNKS) throw new Error('too much in memory');
  }

  #write(person: Person, receiver: FileReceiver, index: number): void {
    this.clock.later(this.#bytes(index) / person.traits.disk, () => {
      if (person.receiver !== receiver || receiver.state === 'stopped') return;
      if (person.stored !== index) throw new Error(`${index} was written after ${person.stored}`);
      person.stored += 1;
      person.recent = [...person.recent, index].slice(-RECENT_CHUNKS);
      this.#receive(person, receiver.stored());
    });
  }

  #closed(person: Person, receiver: FileReceiver): void {
    if (person.receiver !== receiver) return;
    person.finished = this.clock.now;
    this.#receive(person, receiver.closed());
  }

  #get(person: Person, index: number, who: string): void {
    if (!this.#lines.isOpen(person.id, who)) {
      this.#receive(person, person.receiver?.lacked(index, who) ?? []);
      return;
    }
    const [piece, holder] = [{ share: SHARE, index }, this.#person(who)];
    this.#passing(person, who).want(piece, this.clock.now);
    this.#watch(person, who);
    const arrive = (): void => {
      if (this.#passing(holder, person.id).ask(piece)) this.#wake(who, person.id);
      else this.#lines.post(who, person.id, { bytes: FRAME_BYTES, arrive: () => this.#lacks(holder, person, piece) });
    };
    this.#lines.post(person.id, who, { bytes: FRAME_BYTES, arrive });
  }

  /** Gives up what does not come. */
  #watch(person: Person, who: string): void {
    const passing = this.#passing(person, who);
    this.#lose(person, who, passing.wake(this.clock.now));
    const due = passing.nextWake();
    if (due !== null) this.clock.later(due - this.clock.now, () => this.#watch(person, who));
  }

  #lacks(holder: Person, to: Person, piece: ChunkRef): void {
    if (this.#passing(to, holder.id).answered(piece)) this.#lose(to, holder.id, [piece]);
  }

  #lose(person: Person, who: string, pieces: readonly ChunkRef[]): void {
    for (const { index } of pieces) this.#receive(person, person.receiver?.lacked(index, who) ?? []);
  }

  #passing(person: Person, other: string): ChunkRequests {
    const passing = person.passing.get(other);
    if (passing === undefined) throw new Error(`${person.id} does not know ${other}`);
    return passing;
  }

  #bytes(index: number): number {
    return chunkBytes(this.offer.size, index);
  }
}
