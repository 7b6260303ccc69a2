import type { Featured } from './large-layout';
import { type Box, clamp, gap, inOrder, type Layout, type Pictures, type Size } from './layout';

/** A stage lower than this (px) has room for one row only: a panel has the rest of a phone. */
const low = 160;

/** A person's tile gets no narrower than this (px) if it can be avoided. */
const slim = 52;

/** Between tiles of a row. */
const between = gap / 2;

function isStrip({ width, height }: Size): boolean {
  return height < low && height > 0 && width > height;
}

/**
 * A low row: what is large, then the others, as wide as they can be up to 4:3. Your own picture is there only if you are
 * alone; of screens only a large one, uncropped: the others are too small to be read. null where there is more room.
 */
export function stripLayout(pictures: Pictures, featured: Featured | null, room: Box): Layout | null {
  if (!isStrip(room)) return null;
  const { screens, large } = featured ?? { screens: [], large: -1 };
  const people = pictures.others.length > 0 ? pictures.others.length : inOrder(pictures).length;
  const screen = large in screens ? frontScreen(screens[large] ?? 1, people, room) : null;
  const left = screen === null ? room.x : screen.x + screen.width + between;
  const width = Math.min((room.height * 4) / 3, (room.x + room.width - left - between * (people - 1)) / people);
  const height = Math.min(room.height, width * 2); // narrower ones would be letterboxed
  const boxes = pinnedFirst(people, large - screens.length).map((place) => ({
    x: left + place * (width + between),
    y: room.y + (room.height - height) / 2,
    width: Math.max(0, width),
    height: Math.max(0, height),
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

/** Half of the room at most, and a third where many people need the rest. */
function frontScreen(aspect: number, people: number, room: Box): Box {
  const rest = room.width - people * (slim + between);
  const width = Math.min(room.height * aspect, clamp(rest, room.width / 3, room.width / 2));
  return { x: room.x, y: room.y + (room.height - width / aspect) / 2, width, height: width / aspect };
}

/** Everybody's place in the row. */
function pinnedFirst(people: number, pinned: number): readonly number[] {
  return Array.from({ length: people }, (_, index) => {
    if (index === pinned) return 0;
    return index < pinned ? index + 1 : index;
  });
}
