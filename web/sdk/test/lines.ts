/** Simulated connections between people, as slow as the uplinks and downlinks at their ends, with a clock in seconds. */

interface Event {
  readonly at: number;
  run: () => void;
}

export class Clock {
  now = 0;
  readonly #events: Event[] = [];

  /** The returned function calls it off. */
  later(seconds: number, run: () => void): () => void {
    const event: Event = { at: this.now + seconds, run };
    const next = this.#events.findIndex(({ at }) => at > event.at);
    this.#events.splice(next < 0 ? this.#events.length : next, 0, event);
    return () => {
      event.run = () => undefined;
    };
  }

  run(until: number): void {
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#events.shift();
      this.now = next.at;
      next.run();
    }
    this.now = until;
  }
}

export interface Message {
  readonly bytes: number;
  readonly arrive: () => void;
}

/** Bytes of a message that overtakes large ones of other connections, as a small packet does. */
const SMALL_BYTES = 200;

/** Bytes that are on one line at once. */
const FLYING_BYTES = 512 * 1024;

/** One direction between two people. */
class Line {
  readonly to: End;
  readonly queue: Message[] = [];
  flying = 0;
  /** Grows with each link: what was on the one before is lost. */
  link = 0;
  open = true;

  constructor(to: End) {
    this.to = to;
  }
}

/** Somebody's access to the network: bytes a second up and down. */
class End {
  readonly up: number;
  readonly down: number;
  readonly lines = new Map<string, Line>();
  sent = 0;
  busy = false;
  turn = 0;
  /** When all that is on its way down has come. */
  free = 0;

  constructor(up: number, down: number) {
    this.up = up;
    this.down = down;
  }
}

export class Lines {
  readonly #clock: Clock;
  readonly #latency: number;
  readonly #drained: (from: string, to: string) => void;
  readonly #ends = new Map<string, End>();

  /** `drained` is called when a line may take more. */
  constructor(clock: Clock, latency: number, drained: (from: string, to: string) => void) {
    this.#clock = clock;
    this.#latency = latency;
    this.#drained = drained;
  }

  add(who: string, up: number, down: number): void {
    const end = new End(up, down);
    for (const [other, theirs] of this.#ends) {
      theirs.lines.set(who, new Line(end));
      end.lines.set(other, new Line(theirs));
    }
    this.#ends.set(who, end);
  }

  isOpen(from: string, to: string): boolean {
    return this.#line(from, to)?.open === true;
  }

  /** The link of now, or null. */
  link(from: string, to: string): number | null {
    const line = this.#line(from, to);
    return line?.open === true ? line.link : null;
  }

  /** Bytes that have not left. */
  waiting(from: string, to: string): number {
    return this.#line(from, to)?.queue.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
  }

  sent(who: string): number {
    return this.#ends.get(who)?.sent ?? 0;
  }

  post(from: string, to: string, message: Message): void {
    if (!this.isOpen(from, to)) return;
    this.#line(from, to)?.queue.push(message);
    this.#transmit(from);
  }

  /** What is on the lines is lost. */
  cut(one: string, other: string): void {
    this.#renew(one, other, false);
  }

  join(one: string, other: string): void {
    this.#renew(one, other, true);
  }

  #renew(one: string, other: string, open: boolean): void {
    for (const line of [this.#line(one, other), this.#line(other, one)]) {
      if (line === undefined) continue;
      line.link += 1;
      line.open = open;
      line.queue.length = 0;
      line.flying = 0;
    }
  }

  #line(from: string, to: string): Line | undefined {
    return this.#ends.get(from)?.lines.get(to);
  }

  /** One message after the other leaves, from each line in turn. */
  #transmit(from: string): void {
    const end = this.#ends.get(from);
    if (end === undefined || end.busy) return;
    const lines = [...end.lines];
    const turned = [...lines.slice(end.turn), ...lines.slice(0, end.turn)];
    const small = turned.find(([, { queue }]) => (queue[0]?.bytes ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES);
    const [to, line] = small ?? turned.find(([, each]) => each.queue.length > 0 && mayFly(each)) ?? [];
    const message = line?.queue.shift();
    if (to === undefined || line === undefined || message === undefined) return;
    if (small === undefined) end.turn = (lines.findIndex(([id]) => id === to) + 1) % lines.length;
    end.busy = true;
    end.sent += message.bytes;
    line.flying += message.bytes;
    const { link } = line;
    this.#clock.later(message.bytes / end.up, () => {
      end.busy = false;
      if (line.link === link) this.#fly(from, to, line, message);
      this.#transmit(from);
    });
  }

  #fly(from: string, to: string, line: Line, { bytes, arrive }: Message): void {
    const { link, to: end } = line;
    end.free = Math.max(end.free, this.#clock.now + this.#latency) + bytes / end.down;
    this.#clock.later(end.free - this.#clock.now, () => {
      if (line.link !== link) return;
      line.flying -= bytes;
      arrive();
      this.#transmit(from);
      this.#drained(from, to);
    });
  }
}

/** As congestion control has it: no more is on the line than comes out of it in a quarter of a second. */
function mayFly({ flying, to }: Line): boolean {
  return flying < Math.min(FLYING_BYTES, Math.max(32 * 1024, to.down / 4));
}
