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
 * alone; of screens only a large one, uncropped: the others are too small to be read.
 */
export function stripLayout(pictures: Pictures, featured: Featured | null, room: Box): Layout {
  const { screens, large } = featured ?? { screens: [], large: -1 };
  const people = pictures.others.length > 0 ? pictures.others.length : inOrder(pictures).length;
  const screen = large in screens ? frontScreen(screens[large] ?? 1, room) : null;
  const left = screen === null ? room.x : screen.x + screen.width + between;
  const width = Math.min((room.height * 4) / 3, (room.x + room.width - left - between * (people - 1)) / people);
  const boxes = pinnedFirst(people, large - screens.length).map((place) => ({
    ...room,
    x: left + place * (width + between),
    width: Math.max(0, width),
  }));
  return {
    shape: `strip ${large} of ${screens.length + people}`,
    pair: false,
    split: false,
    boxes,
    screens: screens.map((_, index) =>
      index === large && screen !== null ? screen : { ...room, width: 0, height: 0 },
    ),
  };
}

function frontScreen(aspect: number, room: Box): Box {
  const width = Math.min(room.height * aspect, room.width / 2);
  return { x: room.x, y: room.y + (room.height - width / aspect) / 2, width, height: width / aspect };
}

/** Everybody's place in the row. */
function pinnedFirst(people: number, pinned: number): readonly number[] {
  return Array.from({ length: people }, (_, index) => {
    if (index === pinned) return 0;
    return index < pinned ? index + 1 : index;
  });
}
