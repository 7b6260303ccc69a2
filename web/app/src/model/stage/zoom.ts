import { type ReadonlySignal, signal } from '@preact/signals';
import { clamp, type Size } from './layout';

/** Pixels from the middle of the view. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How a picture is shown: how much larger than it fits, and where its middle is. */
export interface Zoom extends Point {
  readonly scale: number;
}

/** The view, and the picture as large as it fits in it. */
export interface Frame {
  readonly view: Size;
  readonly picture: Size;
}

export const whole: Zoom = { scale: 1, x: 0, y: 0 };
const largest = 6;
/** What a double tap zooms to. */
const near = 2.5;

/** A finger that moved no further (px) has tapped. */
const still = 10;
/** Two taps within these milliseconds and pixels are a double tap. */
const soon = 300;
const close = 32;

/** The frame of a picture with this aspect ratio. */
export function frameOf(view: Size, aspect: number): Frame {
  const width = Math.min(view.width, view.height * aspect);
  return { view, picture: { width, height: width / aspect } };
}

/** No edge of the picture comes further in than it must. */
function within({ scale, x, y }: Zoom, { view, picture }: Frame): Zoom {
  const hidden = (shown: number, room: number) => Math.max(0, (shown * scale - room) / 2);
  const [across, down] = [hidden(picture.width, view.width), hidden(picture.height, view.height)];
  return { scale, x: clamp(x, -across, across), y: clamp(y, -down, down) };
}

/** Zooms by a factor; what is at `from` moves to `to`. */
export function zoomed(zoom: Zoom, by: number, from: Point, to: Point, frame: Frame): Zoom {
  const scale = clamp(zoom.scale * by, 1, largest);
  const factor = scale / zoom.scale;
  return within({ scale, x: to.x - (from.x - zoom.x) * factor, y: to.y - (from.y - zoom.y) * factor }, frame);
}

/** Fingers, mouse, wheel and keys on a picture: pinch to zoom, drag to move it, double tap to zoom in and out. */
export class Zooming {
  readonly zoom: ReadonlySignal<Zoom>;
  readonly #zoom = signal(whole);
  readonly #frame: () => Frame;
  readonly #fingers = new Map<number, Point>();
  /** Where the one finger touched that has neither moved nor been joined by another. */
  #tap: Point | null = null;
  #last: (Point & { readonly at: number }) | null = null;

  constructor(frame: () => Frame) {
    this.#frame = frame;
    this.zoom = this.#zoom;
  }

  down(finger: number, point: Point): void {
    this.#tap = this.#fingers.size === 0 ? point : null;
    this.#fingers.set(finger, point);
  }

  move(finger: number, point: Point): void {
    if (!this.#fingers.has(finger)) return;
    const before = [...this.#fingers.values()];
    this.#fingers.set(finger, point);
    if (this.#tap !== null && distance(this.#tap, point) > still) this.#tap = null;
    if (this.#tap !== null) return;
    const after = [...this.#fingers.values()];
    const apart = spread(before);
    this.by(apart > 0 ? spread(after) / apart : 1, middle(before), middle(after));
  }

  /** Returns what it was, at this time in milliseconds. */
  up(finger: number, at: number): 'tap' | 'double tap' | null {
    if (!this.#fingers.delete(finger) || this.#tap === null) return null;
    const [tap, last] = [this.#tap, this.#last];
    this.#tap = null;
    const second = last !== null && at - last.at < soon && distance(tap, last) < close;
    this.#last = second ? null : { ...tap, at };
    if (!second) return 'tap';
    if (this.#zoom.peek().scale > 1) this.reset();
    else this.by(near, tap, tap);
    return 'double tap';
  }

  /** The browser took the finger for something else. */
  cancel(finger: number): void {
    this.#fingers.delete(finger);
    this.#tap = null;
  }

  /** Zooms by a factor at a point, and moves that to another one. */
  by(factor: number, from: Point = whole, to: Point = from): void {
    this.#zoom.value = zoomed(this.#zoom.peek(), factor, from, to, this.#frame());
  }

  reset(): void {
    this.#zoom.value = whole;
  }

  /** The view has another size now. */
  resized(): void {
    this.by(1);
  }
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((all, { x, y }) => ({ x: all.x + x, y: all.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/** How far apart the fingers are: the mean distance from their middle. */
function spread(points: readonly Point[]): number {
  const center = middle(points);
  return points.reduce((sum, point) => sum + distance(point, center), 0) / points.length;
}
