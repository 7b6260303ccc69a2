import { type Box, clamp, gap, grid, type Layout, type Size, split } from './layout';

/** Shared screens: their aspect ratios, and which one is large. */
export interface SharedScreens {
  readonly aspects: readonly number[];
  readonly front: number;
}

/** Tiles get no smaller than this if it can be avoided. */
const tileWidth = 90;
const tileHeight = 56;

/** A block of tiles, relative to its own corner. */
interface Tiles extends Size {
  readonly shape: string;
  readonly boxes: readonly Box[];
}

/** The large screen and the small tiles. */
interface Scene {
  readonly shape: string;
  readonly large: Box;
  readonly small: readonly Box[];
}

/**
 * Lays out that many people, you included, and shared screens: one screen as large as possible, uncropped. People and
 * other screens line up beside or below it, whichever leaves it larger; on a portrait stage always below, in all the
 * room left.
 */
export function layoutWithScreens(people: number, { aspects, front }: SharedScreens, room: Box): Layout {
  const count = people + aspects.length - 1;
  const aspect = aspects[front] ?? 1;
  const { large, small, shape } = sceneOf(aspect, count, room);
  const others = aspects.filter((_, index) => index !== front);
  const screens = others.map((each, index) => middle(inside(small[index] ?? room, each, each), small[index] ?? room));
  screens.splice(front, 0, large);
  return {
    shape: `screen ${front} of ${aspects.length} ${shape}`,
    pair: false,
    boxes: small.slice(others.length),
    screens,
  };
}

function sceneOf(aspect: number, count: number, room: Box): Scene {
  if (room.height > room.width) return above(aspect, room, (rest) => fill(count, rest));
  const column = beside(aspect, count, room);
  const row = above(aspect, room, (rest) => pack(count, rest));
  return row.large.width > column.large.width ? row : column;
}

function above(aspect: number, room: Box, tilesIn: (rest: Size) => Tiles): Scene {
  const rest = (height: number): Size => ({ width: room.width, height: room.height - gap - height });
  const picture = inside(rest(clamp(room.height * 0.22, 88, 240)), aspect, aspect);
  const tiles = tilesIn(rest(picture.height));
  const y = room.y + (room.height - picture.height - gap - tiles.height) / 2;
  return scene('above', { ...middle(picture, room), y }, tiles, {
    ...middle(tiles, room),
    y: y + picture.height + gap,
  });
}

function beside(aspect: number, count: number, room: Box): Scene {
  const rest = (width: number): Size => ({ width: room.width - gap - width, height: room.height });
  const columns = Math.ceil(count / Math.max(1, Math.floor((room.height + gap) / (tileHeight + gap))));
  const least = Math.max(clamp(room.width * 0.18, 120, 360), columns * (tileWidth + gap) - gap);
  const picture = inside(rest(pack(count, { width: least, height: room.height }).width), aspect, aspect);
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

/** As large as fits, with an aspect ratio from `narrow` to `wide`. */
function inside(room: Size, narrow: number, wide: number): Size {
  const [width, height] = [Math.max(0, room.width), Math.max(0, room.height)];
  return { width: Math.min(width, height * wide), height: Math.min(height, width / narrow) };
}

/** Tiles that fill all the room. */
function fill(count: number, room: Size): Tiles {
  return { ...room, ...grid(count, { x: 0, y: 0, ...room }) };
}

/** Tiles of one size, from 4:3 to 16:10, as large as fits; shorter rows first, each centered. */
function pack(count: number, room: Size): Tiles {
  const ways = Array.from({ length: count }, (_, lines) => {
    const counts = split(count, lines + 1);
    const columns = Math.max(...counts);
    const [width, height] = [(room.width + gap) / columns - gap, (room.height + gap) / (lines + 1) - gap];
    return { counts, columns, tile: inside({ width, height }, 4 / 3, 1.6) };
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
