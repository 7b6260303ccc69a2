import {
  type Box,
  clamp,
  gap,
  grid,
  inOrder,
  type Layout,
  type Pictures,
  type Size,
  type StageSize,
  shapeOf,
  split,
} from './layout';

/** What else than people is on the stage, and what is large. */
export interface Featured {
  /** Aspect ratios of shared screens. */
  readonly screens: readonly number[];
  /** The index of the large one: among the screens, and after them among the people. */
  readonly large: number;
}

/** Tiles get no smaller than this if it can be avoided. */
const tileWidth = 90;
const tileHeight = 56;

/** A block of tiles, relative to its own corner. */
interface Tiles extends Size {
  readonly shape: string;
  readonly boxes: readonly Box[];
}

/** The large box and the small tiles. */
interface Scene {
  readonly shape: string;
  readonly large: Box;
  readonly small: readonly Box[];
}

/** The aspect ratios that the large box may have. */
interface Frame {
  readonly narrow: number;
  readonly wide: number;
}

/**
 * Lays out people, you included, with one of them or a shared screen as large as possible. All others line up beside or
 * below, whichever leaves it larger; on a portrait stage always below. There a screen goes from edge to edge, with people's
 * tiles below it as tall as there is room and as a phone's picture may be, but at most half as wide; and a person leaves
 * the others all the room that is left. Screens are never cropped.
 */
export function layoutWithLarge(pictures: Pictures, { screens, large }: Featured, stage: StageSize): Layout {
  const people = inOrder(pictures);
  const all = [...screens, ...people];
  const rest = all.filter((_, index) => index !== large);
  const found = sceneOf(frameOf(all[large] ?? 1, large < screens.length), rest, stage);
  const boxes = found.small.map((box, index) => {
    const aspect = rest[index] ?? 1;
    return index < screens.length - (large < screens.length ? 1 : 0) ? middle(inside(box, asIs(aspect)), box) : box;
  });
  boxes.splice(large, 0, found.large);
  return {
    shape: `large ${large} of ${all.length} ${found.shape}`,
    pair: false,
    split: false,
    boxes: boxes.slice(screens.length),
    screens: boxes.slice(0, screens.length),
  };
}

function frameOf(aspect: number, screen: boolean): Frame {
  if (screen) return asIs(aspect);
  const { narrow, wide } = shapeOf(aspect);
  return { narrow: Math.min(narrow, 0.75), wide };
}

function asIs(aspect: number): Frame {
  return { narrow: aspect, wide: aspect };
}

function sceneOf(frame: Frame, rest: readonly number[], { all, free: room }: StageSize): Scene {
  if (room.height > room.width && frame.narrow === frame.wide) {
    return above(frame, room, (left) => pack(rest.length, left, { narrow: 9 / 16, wide: 1.6 }, left.width / 2), all);
  }
  if (room.height > room.width) return above(frame, room, (left) => fill(rest, left));
  const column = beside(frame, rest.length, room);
  const row = above(frame, room, (left) => pack(rest.length, left));
  return area(row.large) > area(column.large) ? row : column;
}

function area({ width, height }: Size): number {
  return width * height;
}

/** `edges` is how wide the large box may be. */
function above(frame: Frame, room: Box, tilesIn: (rest: Size) => Tiles, edges: Box = room): Scene {
  const rest = (height: number): Size => ({ width: room.width, height: room.height - gap - height });
  const picture = inside({ ...rest(clamp(room.height * 0.22, 88, 240)), width: edges.width }, frame);
  const tiles = tilesIn(rest(picture.height));
  const y = room.y + (room.height - picture.height - gap - tiles.height) / 2;
  return scene('above', { ...middle(picture, edges), y }, tiles, {
    ...middle(tiles, room),
    y: y + picture.height + gap,
  });
}

function beside(frame: Frame, count: number, room: Box): Scene {
  const rest = (width: number): Size => ({ width: room.width - gap - width, height: room.height });
  const columns = Math.ceil(count / Math.max(1, Math.floor((room.height + gap) / (tileHeight + gap))));
  const least = Math.max(clamp(room.width * 0.18, 120, 360), columns * (tileWidth + gap) - gap);
  const picture = inside(rest(pack(count, { width: least, height: room.height }).width), frame);
  const tiles = pack(count, rest(picture.width));
  const x = room.x + (room.width - picture.width - gap - tiles.width) / 2;
  return scene('beside', { ...middle(picture, room), x }, tiles, {
    ...middle(tiles, room),
    x: x + picture.width + gap,
  });
}

function scene(where: string, large: Box, tiles: Tiles, at: Box): Scene {
  const small = tiles.boxes.map((box) => ({ ...box, x: box.x + at.x, y: box.y + at.y }));
  return { shape: `${where} ${tiles.shape}`, large, small };
}

function middle({ width, height }: Size, room: Box): Box {
  return { x: room.x + (room.width - width) / 2, y: room.y + (room.height - height) / 2, width, height };
}

/** As large as fits in that frame. */
function inside(room: Size, { narrow, wide }: Frame): Size {
  const [width, height] = [Math.max(0, room.width), Math.max(0, room.height)];
  return { width: Math.min(width, height * wide), height: Math.min(height, width / narrow) };
}

/** Tiles that fill all the room. */
function fill(pictures: readonly number[], room: Size): Tiles {
  return { ...room, ...grid(pictures, { x: 0, y: 0, ...room }) };
}

/** Tiles of one size, as large as fits, mostly from 4:3 to 16:10; shorter rows first, each centered. */
function pack(count: number, room: Size, frame: Frame = { narrow: 4 / 3, wide: 1.6 }, widest = room.width): Tiles {
  const ways = Array.from({ length: count }, (_, lines) => {
    const counts = split(count, lines + 1);
    const columns = Math.max(...counts);
    const [width, height] = [(room.width + gap) / columns - gap, (room.height + gap) / (lines + 1) - gap];
    return { counts, columns, tile: inside({ width: Math.min(width, widest), height }, frame) };
  });
  const { counts, columns, tile } = ways.reduce((one, other) =>
    other.tile.width * other.tile.height > one.tile.width * one.tile.height + 1e-9 ? other : one,
  );
  const along = (tiles: number, size: number) => tiles * (size + gap) - gap;
  const boxes = counts.flatMap((inRow, row) =>
    Array.from({ length: inRow }, (_, column) => ({
      ...tile,
      x: (column + (columns - inRow) / 2) * (tile.width + gap),
      y: row * (tile.height + gap),
    })),
  );
  const [width, height] = [along(columns, tile.width), along(counts.length, tile.height)];
  return { width, height, shape: counts.join('+'), boxes };
}
