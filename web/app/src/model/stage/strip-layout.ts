import type { Featured } from './large-layout';
import { type Box, gap, inOrder, type Layout, type Pictures, type Size } from './layout';

/** A stage lower than this (px) has room for one row only: a panel has the rest of a phone. */
const low = 160;

/** Between tiles of a row. */
const between = gap / 2;

export function isStrip({ width, height }: Size): boolean {
  return height < low && height > 0 && width > height;
}

/**
 * A low row: what is large, then the others, as wide as they can be up to 4:3. Your own picture is there only if you are
 * alone; of screens only a large one, the others are too small to be read.
 */
export function stripLayout(pictures: Pictures, featured: Featured | null, room: Box): Layout {
  const { screens, large } = featured ?? { screens: [], large: -1 };
  const all = [...screens, ...(pictures.others.length > 0 ? pictures.others : inOrder(pictures))];
  const people = all.map((_, index) => index).filter((index) => index >= screens.length && index !== large);
  const row = large in all ? [large, ...people] : people;
  const wishes = row.map((index) => room.height * (index < screens.length ? (all[index] ?? 1) : 4 / 3));
  const wished = wishes.reduce((sum, wish) => sum + wish, 0);
  const narrower = Math.min(1, (room.width - between * (row.length - 1)) / wished);
  const left = (place: number) => wishes.slice(0, place).reduce((sum, wish) => sum + wish * narrower + between, room.x);
  const boxOf = (index: number): Box => {
    const place = row.indexOf(index);
    const width = Math.max(0, (wishes[place] ?? 0) * narrower);
    return { x: left(place), y: room.y, width, height: place < 0 ? 0 : room.height };
  };
  const boxes = all.map((_, index) => boxOf(index));
  return {
    shape: `strip ${large} of ${all.length}`,
    pair: false,
    split: false,
    boxes: boxes.slice(screens.length),
    screens: boxes.slice(0, screens.length),
  };
}
