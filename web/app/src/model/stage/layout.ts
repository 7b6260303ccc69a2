export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}
/** The whole stage, and the part of it that nothing floats over. */
export interface StageSize {
  readonly all: Box;
  readonly free: Box;
}

export const corners = ['top-left', 'top-right', 'bottom-left', 'bottom-right'] as const;
export type Corner = (typeof corners)[number];

/** Aspect ratios of pictures: the others' in their order, and yours, which is null while you hide it from yourself. */
export interface Pictures {
  readonly others: readonly number[];
  readonly mine: number | null;
}

/** Aspect ratio to assume until the first frame shows the real one. */
export const usual = 16 / 9;

/** Where everybody is: one box per picture, in order, yours last. */
export interface Layout {
  /** Changes when people move, not when the window changes its size. */
  readonly shape: string;
  /** The other person has the stage; the bar floats over it. */
  readonly pair: boolean;
  /** Of a pair: the other's picture is too tall to fill the stage, and yours is beside it, not over it. */
  readonly split: boolean;
  readonly boxes: readonly Box[];
  /** The boxes of shared screens, in their order. */
  readonly screens: readonly Box[];
}

/** Lays out people without shared screens. */
export function layout(pictures: Pictures, stage: StageSize, corner: Corner): Layout {
  const { others, mine } = pictures;
  const [other] = others;
  if (others.length > 1) return grid(inOrder(pictures), stage.free);
  if (other !== undefined && isTooTall(other, stage.all)) return sideBySide(inOrder(pictures), stage.free);
  const small = mine === null ? [] : [smallWindow(stage.free, corner)];
  const boxes = other === undefined ? small : [stage.all, ...small];
  return { shape: `pair ${corner}`, pair: true, split: false, boxes, screens: [] };
}

export function inOrder({ others, mine }: Pictures): readonly number[] {
  return mine === null ? others : [...others, mine];
}

/** Two equal columns, or one while yours is hidden. They're no wider than a picture that is cropped to two thirds. */
function sideBySide(pictures: readonly number[], room: Box): Layout {
  const [first = usual] = pictures;
  const count = pictures.length;
  const width = Math.min((room.width - gap * (count - 1)) / count, room.height * shapeOf(first).wide);
  const left = room.x + (room.width - count * width - gap * (count - 1)) / 2;
  const boxes = pictures.map((_, column) => ({ ...room, x: left + column * (width + gap), width }));
  return { shape: `split ${count}`, pair: true, split: true, boxes, screens: [] };
}

/** On the left, your window leaves room for the other person's badge and name. */
const badge = 48;
const name = 44;

/** Your own window: about a sixth of the width; in portrait format on a phone held upright. */
export function smallWindow(free: Box, corner: Corner): Box {
  const upright = free.height > free.width;
  const width = Math.round(upright ? clamp(free.width * 0.28, 88, 160) : clamp(free.width * 0.165, 112, 360));
  const height = Math.round(upright ? (width * 4) / 3 : (width * 10) / 16);
  const left = corner.endsWith('left');
  const top = corner.startsWith('top');
  const y = top ? free.y + (left ? badge : 0) : free.y + free.height - height - (left ? name : 0);
  return { x: left ? free.x : free.x + free.width - width, y, width, height };
}

/** The corner of `free` that is nearest to the center of a window dropped at `box`. */
export function nearestCorner(box: Box, free: Box): Corner {
  const left = box.x + box.width / 2 < free.x + free.width / 2;
  const top = box.y + box.height / 2 < free.y + free.height / 2;
  return `${top ? 'top' : 'bottom'}-${left ? 'left' : 'right'}`;
}

/** The corner that an arrow key moves to from here. */
export function cornerTowards(key: string, from: Corner): Corner | null {
  const left = from.endsWith('left');
  const top = from.startsWith('top');
  const vertical = (upper: boolean): Corner => `${upper ? 'top' : 'bottom'}-${left ? 'left' : 'right'}`;
  const horizontal = (leftmost: boolean): Corner => `${top ? 'top' : 'bottom'}-${leftmost ? 'left' : 'right'}`;
  if (key === 'ArrowUp') return vertical(true);
  if (key === 'ArrowDown') return vertical(false);
  if (key === 'ArrowLeft') return horizontal(true);
  return key === 'ArrowRight' ? horizontal(false) : null;
}

/** Pixels between tiles. */
export const gap = 12;

/** The aspect ratios that suit a picture's box: at the limits it's cropped as much as a face allows. */
interface Shape {
  readonly narrow: number;
  readonly wide: number;
  /** Best. */
  readonly natural: number;
}

/** A portrait picture stays one; of all others we see what a box from 4:3 to 16:10 shows. */
export function shapeOf(aspect: number): Shape {
  if (aspect >= 1) return { narrow: 4 / 3, wide: 1.6, natural: 1.5 };
  return { narrow: aspect, wide: aspect * 1.5, natural: aspect * 1.25 };
}

/**
 * Rows or columns that fill the room, as even as possible, shorter ones first if that's as good: five are two and three.
 * In a row a portrait picture has a narrower box than the others.
 */
export function grid(pictures: readonly number[], room: Box): Layout {
  const shapes = pictures.map(shapeOf);
  const wide = shapes.map(({ natural }) => natural);
  const high = wide.map((natural) => 1 / natural);
  const even = pictures.map((_, lines) => split(pictures.length, lines + 1));
  const ways = [...even, ...even.map((lines) => [...lines].reverse())];
  const inRows = ways.map((lines) => ({ shape: `rows ${lines.join('+')}`, boxes: rows(lines, wide, room) }));
  const inColumns = ways.map((lines) => ({
    shape: `columns ${lines.join('+')}`,
    boxes: rows(lines, high, turn(room)).map(turn),
  }));
  const best = [...inRows, ...inColumns].reduce((one, other) =>
    worth(other.boxes, shapes) > worth(one.boxes, shapes) + 1e-9 ? other : one,
  );
  return { ...best, pair: false, split: false, screens: [] };
}

export function split(count: number, lines: number): number[] {
  const longer = count % lines;
  return Array.from({ length: lines }, (_, line) => Math.floor(count / lines) + (line >= lines - longer ? 1 : 0));
}

/** Each row shares its width among its boxes by their weights. */
function rows(counts: readonly number[], weights: readonly number[], room: Box): Box[] {
  const height = (room.height - gap * (counts.length - 1)) / counts.length;
  let first = 0;
  return counts.flatMap((count, row) => {
    const inRow = weights.slice(first, first + count);
    first += count;
    const unit = (room.width - gap * (count - 1)) / sum(inRow);
    const y = room.y + row * (height + gap);
    return inRow.map((weight, column) => {
      const x = room.x + unit * sum(inRow.slice(0, column)) + gap * column;
      return { x, y, width: unit * weight, height };
    });
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0);
}

function turn(box: Box): Box {
  return { x: box.y, y: box.x, width: box.height, height: box.width };
}

/** Rates a layout: people should be large, and as equal in size as their shapes allow. */
function worth(boxes: readonly Box[], shapes: readonly Shape[]): number {
  const rated = boxes.map((box, index) => {
    const shape = shapes[index] ?? shapeOf(usual);
    const area = Math.max(1, box.width) * Math.max(1, box.height);
    return { useful: Math.log(area * seen(box, shape)), equal: area / shape.natural };
  });
  const equal = rated.map((each) => each.equal);
  const mean = sum(rated.map(({ useful }) => useful)) / rated.length;
  return mean + 0.5 * Math.log(Math.min(...equal) / Math.max(...equal));
}

/** The useful part of a box: all of it within the picture's shape, less if it's too wide, least if it's too narrow. */
function seen({ width, height }: Box, { narrow, wide }: Shape): number {
  const aspect = Math.max(1, width) / Math.max(1, height);
  if (aspect > wide) return (wide / aspect) ** 2;
  return Math.min(1, aspect / narrow);
}

/** Whether a picture that fills this box would lose more than half of its height: a portrait one on a wide stage. */
function isTooTall(aspect: number, box: Size): boolean {
  return box.height > 0 && aspect / (box.width / box.height) < 0.5;
}

/**
 * Whether a picture may fill its box (cover), or too much of a face would be cropped. There's more to spare at the
 * sides.
 */
export function fits(picture: Size, box: Size): 'cover' | 'contain' {
  if (picture.width === 0 || picture.height === 0 || box.width === 0 || box.height === 0) return 'cover';
  const ratio = picture.width / picture.height / (box.width / box.height);
  return ratio < 0.5 || ratio > 4 ? 'contain' : 'cover';
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
