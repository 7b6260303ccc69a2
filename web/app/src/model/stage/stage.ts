import { computed, type ReadonlySignal, signal } from '@preact/signals';
import {
  type Box,
  type Corner,
  cornerTowards,
  type Layout,
  layout,
  nearestCorner,
  type Size,
  type StageSize,
} from './layout';
import { layoutWithScreens } from './screen-layout';
import type { Screens } from './screens';

const nothing: Box = { x: 0, y: 0, width: 0, height: 0 };

/** Aspect ratio to assume until the first frame shows the real one. */
const usual = 16 / 9;

/** The stage: where everybody is, and where you moved your own window. */
export class Stage {
  readonly room = signal<StageSize>({ all: nothing, free: nothing });
  readonly corner = signal<Corner>('bottom-right');
  /** How far your window has been dragged from its corner; null when it isn't. */
  readonly drag = signal<{ readonly x: number; readonly y: number } | null>(null);
  readonly layout: ReadonlySignal<Layout>;
  /** Aspect ratios of shared screens, by their keys. */
  readonly #aspects = signal<ReadonlyMap<string, number>>(new Map());

  constructor(others: ReadonlySignal<readonly unknown[]>, screens: Pick<Screens, 'shown' | 'front'>) {
    this.layout = computed(() => {
      const [shown, front] = [screens.shown.value, screens.front.value];
      if (front === null) return layout(others.value.length, this.room.value, this.corner.value);
      const aspects = shown.map(({ key }) => this.#aspects.value.get(key) ?? usual);
      return layoutWithScreens(others.value.length + 1, { aspects, front: shown.indexOf(front) }, this.room.value.free);
    });
  }

  /** The video of that screen now has this size. */
  sized(key: string, { width, height }: Size): void {
    if (width > 0 && height > 0) this.#aspects.value = new Map(this.#aspects.peek()).set(key, width / height);
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
}
