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

/** Where everybody is: one box per person, in order, you last. */
export interface Layout {
  /** Changes when people move, not when the window changes its size. */
  readonly shape: string;
  /** The other person fills the stage, and your own video is a small window over it. */
  readonly pair: boolean;
  readonly boxes: readonly Box[];
  /** The boxes of shared screens, in their order. */
  readonly screens: readonly Box[];
}

/** Lays out `others` people and you. */
export function layout(others: number, stage: StageSize, corner: Corner): Layout {
  if (others > 1) return grid(others + 1, stage.free);
  const small = smallWindow(stage.free, corner);
  return { shape: `pair ${corner}`, pair: true, boxes: others === 0 ? [small] : [stage.all, small], screens: [] };
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

/** Rows or columns that fill the room, as even as possible, shorter ones first: five are two and three. */
export function grid(count: number, room: Box): Layout {
  const ways = Array.from({ length: count }, (_, lines) => split(count, lines + 1));
  const inRows = ways.map((lines) => ({ shape: `rows ${lines.join('+')}`, boxes: rows(lines, room) }));
  const inColumns = ways.map((lines) => ({
    shape: `columns ${lines.join('+')}`,
    boxes: rows(lines, turn(room)).map(turn),
  }));
  const best = [...inRows, ...inColumns].reduce((one, other) =>
    worth(other.boxes) > worth(one.boxes) + 1e-9 ? other : one,
  );
  return { ...best, pair: false, screens: [] };
}

export function split(count: number, lines: number): number[] {
  const longer = count % lines;
  return Array.from({ length: lines }, (_, line) => Math.floor(count / lines) + (line >= lines - longer ? 1 : 0));
}

function rows(counts: readonly number[], room: Box): Box[] {
  const height = (room.height - gap * (counts.length - 1)) / counts.length;
  return counts.flatMap((count, row) => {
    const width = (room.width - gap * (count - 1)) / count;
    const y = room.y + row * (height + gap);
    return Array.from({ length: count }, (_, column) => ({ x: room.x + column * (width + gap), y, width, height }));
  });
}

function turn(box: Box): Box {
  return { x: box.y, y: box.x, width: box.height, height: box.width };
}

/** Rates a layout: people should be large, and as equal in size as possible. */
function worth(boxes: readonly Box[]): number {
  const areas = boxes.map(({ width, height }) => Math.max(1, width) * Math.max(1, height));
  const mean = boxes.reduce((sum, box, index) => sum + Math.log((areas[index] ?? 1) * seen(box)), 0) / boxes.length;
  return mean + 0.5 * Math.log(Math.min(...areas) / Math.max(...areas));
}

/**
 * The useful part of a box: all of it from 4:3 to 16:10, less if faces get cropped, least if they get cropped above and
 * below.
 */
function seen({ width, height }: Box): number {
  const aspect = Math.max(1, width) / Math.max(1, height);
  if (aspect > 1.6) return (1.6 / aspect) ** 2;
  return Math.min(1, aspect / (4 / 3));
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
