import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Memory } from '../../platform/platform';
import type { Other, Person } from '../person';
import { type Featured, layoutWithLarge } from './large-layout';
import {
  type Box,
  type Corner,
  cornerTowards,
  type Layout,
  layout,
  nearestCorner,
  type Pictures,
  type Size,
  type StageSize,
  usual,
} from './layout';
import type { Screen, Screens } from './screens';
import type { stripLayout } from './strip-layout';

const nothing: Box = { x: 0, y: 0, width: 0, height: 0 };

/** Where it's remembered that you hide your own picture. */
const hidesSelf = 'hides-self-view';

/** The stage: where everybody is, who is pinned, and where you moved your own window. */
export class Stage {
  readonly room = signal<StageSize>({ all: nothing, free: nothing });
  readonly corner = signal<Corner>('bottom-right');
  /** How far your window has been dragged from its corner; null when it isn't. */
  readonly drag = signal<{ readonly x: number; readonly y: number } | null>(null);
  readonly layout: ReadonlySignal<Layout>;
  /** Whether there is room for a row of small pictures only, above a panel on a phone. */
  readonly strip: ReadonlySignal<boolean>;
  /** Whether you see your own picture. */
  readonly selfView: ReadonlySignal<boolean>;
  /** Whether somebody can be pinned: there's somebody else, or a shared screen, to be large. */
  readonly pins: ReadonlySignal<boolean>;
  /** The person who is pinned, and so shown large whatever else there is. */
  readonly pinned: ReadonlySignal<Other | null>;
  /** The shared screen that is large. */
  readonly front: ReadonlySignal<Screen | null>;
  readonly #selfView: Signal<boolean>;
  readonly #pinned = signal<string | null>(null);
  /** Null until its code is loaded, together with the panels that need it. */
  readonly #strip = signal<typeof stripLayout | null>(null);
  /** Aspect ratios of pictures and shared screens, by person and by their keys. */
  readonly #aspects = signal<ReadonlyMap<string, number>>(new Map());
  readonly #memory: Memory;

  constructor(
    others: ReadonlySignal<readonly Other[]>,
    me: Person,
    screens: Pick<Screens, 'shown' | 'front'>,
    memory: Memory,
  ) {
    this.#memory = memory;
    this.#selfView = signal(memory.get(hidesSelf) === null);
    this.selfView = this.#selfView;
    this.pins = computed(() => others.value.length > 1 || screens.shown.value.length > 0);
    this.pinned = computed(() => {
      const found = others.value.find(({ id }) => id === this.#pinned.value);
      return this.pins.value ? (found ?? null) : null;
    });
    this.front = computed(() => (this.pinned.value === null ? screens.front.value : null));
    const large = computed(() => {
      const [shown, front, pinned] = [screens.shown.value, this.front.value, this.pinned.value];
      if (pinned !== null) return shown.length + others.value.indexOf(pinned);
      return front === null ? null : shown.indexOf(front);
    });
    const pictures = computed<Pictures>(() => ({
      others: others.value.map((one) => this.aspectOf(one)),
      mine: this.selfView.value ? this.aspectOf(me) : null,
    }));
    const featured = computed<Featured | null>(() => {
      const aspects = screens.shown.value.map(({ key }) => this.#aspects.value.get(key) ?? usual);
      return large.value === null ? null : { screens: aspects, large: large.value };
    });
    const strip = computed(() => this.#strip.value?.(pictures.value, featured.value, this.room.value.free) ?? null);
    this.strip = computed(() => strip.value !== null);
    this.layout = computed(() => {
      if (strip.value !== null) return strip.value;
      if (featured.value === null) return layout(pictures.value, this.room.value, this.corner.value);
      return layoutWithLarge(pictures.value, featured.value, this.room.value);
    });
  }

  /** The video of that person or screen now has this size. */
  sized(key: string, { width, height }: Size): void {
    if (width > 0 && height > 0) this.#aspects.value = new Map(this.#aspects.peek()).set(key, width / height);
  }

  /** Makes this person large, or, if they are so already, as large as the others again. null unpins. */
  pin(id: string | null): void {
    this.#pinned.value = id === this.pinned.peek()?.id ? null : id;
  }

  /** Shows you your own picture or not; remembered for later calls. Others see it all the same. */
  showSelf(shown: boolean): void {
    this.#selfView.value = shown;
    if (shown) this.#memory.forget(hidesSelf);
    else this.#memory.set(hidesSelf, 'yes');
  }

  /** Called once the code for the strip above a panel is loaded. */
  bringStrip(made: typeof stripLayout): void {
    this.#strip.value = made;
  }

  measured(room: StageSize): void {
    this.room.value = room;
  }

  dragged(x: number, y: number): void {
    this.drag.value = { x, y };
  }

  /** Drops the window: it moves to the nearest corner. */
  dropped(): void {
    const { drag, room } = this;
    const box = this.layout.peek().boxes.at(-1);
    const by = drag.peek();
    drag.value = null;
    if (box !== undefined && by !== null) {
      this.corner.value = nearestCorner({ ...box, x: box.x + by.x, y: box.y + by.y }, room.peek().free);
    }
  }

  /** Moves the window with an arrow key. Returns whether the key was one. */
  press(key: string): boolean {
    const corner = cornerTowards(key, this.corner.peek());
    if (corner !== null) this.corner.value = corner;
    return corner !== null;
  }

  /** Aspect ratio of somebody's picture. While a camera is off, its last picture says nothing about the room to give. */
  aspectOf({ id, media }: Person): number {
    return media.value.camera === 'on' ? (this.#aspects.value.get(id) ?? usual) : usual;
  }
}
