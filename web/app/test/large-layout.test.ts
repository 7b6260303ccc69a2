import { describe, expect, test } from 'vitest';
import { layoutWithLarge } from '../src/model/stage/large-layout';
import type { Box } from '../src/model/stage/layout';

interface SharedScreens {
  readonly aspects: readonly number[];
  /** Which of them is large. */
  readonly front: number;
}

const wide = 16 / 9;

/** That many people, you included. */
const pictures = (people: number) => ({ others: Array<number>(people - 1).fill(wide), mine: wide });

const layoutWithScreens = (people: number, { aspects, front }: SharedScreens, where: Box) =>
  layoutWithLarge(pictures(people), { screens: aspects, large: front }, { all: where, free: where });

const room = (width: number, height: number): Box => ({ x: 16, y: 16, width, height });
const desktop = room(1408, 780);
const phone = room(374, 752);
const one: SharedScreens = { aspects: [16 / 9], front: 0 };
const two: SharedScreens = { aspects: [16 / 9, 4 / 3], front: 0 };

const area = (box: Box | undefined) => (box === undefined ? 0 : box.width * box.height);
const right = (box: Box | undefined) => (box === undefined ? 0 : box.x + box.width);
const bottom = (box: Box | undefined) => (box === undefined ? 0 : box.y + box.height);
const overlap = (first: Box, other: Box) =>
  first.x < right(other) && other.x < right(first) && first.y < bottom(other) && other.y < bottom(first);

test('a screen takes most of the stage, and people line up on its right, you last', () => {
  const { screens, boxes, pair } = layoutWithScreens(2, one, desktop);
  expect(pair).toBe(false);
  expect(area(screens[0])).toBeGreaterThan(0.6 * area(desktop));
  const [bob, me] = boxes;
  for (const box of boxes) expect(box.x).toBeGreaterThan(right(screens[0]));
  expect(bob?.x).toBe(me?.x);
  expect(bob?.y).toBeLessThan(me?.y ?? 0);
});

test('on a phone in portrait it is above people, at full width', () => {
  const { screens, boxes } = layoutWithScreens(2, one, phone);
  expect(screens[0]?.width).toBe(phone.width);
  for (const box of boxes) expect(box.y).toBeGreaterThan(bottom(screens[0]));
});

test('there it goes from edge to edge, each person is smaller than it, and little of the stage stays empty', () => {
  const all = { x: 0, y: 0, width: 390, height: 844 };
  const featured = { screens: [wide], large: 0 };
  for (const people of [2, 3, 4, 5, 6]) {
    const { screens, boxes } = layoutWithLarge(pictures(people), featured, { all, free: { ...phone, x: 8, y: 8 } });
    expect(screens[0]).toMatchObject({ x: 0, width: 390 });
    expect(Math.max(...boxes.map(area))).toBeLessThan(0.75 * area(screens[0]));
    expect(Math.min(...boxes.map(({ x }) => x))).toBeGreaterThanOrEqual(8);
    const used = Math.max(...boxes.map(bottom)) - (screens[0]?.y ?? 0);
    expect(used).toBeGreaterThan(0.7 * phone.height);
  }
});

test('people are also below it if that leaves it larger, as next to the chat', () => {
  const { screens, boxes } = layoutWithScreens(5, one, room(1008, 780));
  expect(screens[0]?.width).toBe(1008);
  expect(new Set(boxes.map(({ y }) => y)).size).toBe(1);
  expect(boxes[0]?.y).toBeGreaterThan(bottom(screens[0]));
});

test('a narrow screen leaves its room to people', () => {
  const [narrow, usual] = [
    layoutWithScreens(2, { aspects: [0.6], front: 0 }, desktop),
    layoutWithScreens(2, one, desktop),
  ];
  expect(area(narrow.boxes[0])).toBeGreaterThan(2 * area(usual.boxes[0]));
});

test('many people on a phone in landscape have tiles of a useful size', () => {
  const { boxes } = layoutWithScreens(7, one, room(644, 344));
  expect(Math.min(...boxes.map(({ height }) => height))).toBeGreaterThan(56);
});

test.each([0.4, 0.75, 1, 1.25, 16 / 9, 32 / 9])(
  'a screen of aspect ratio %f is uncropped: its box has the same',
  (aspect) => {
    const [screen] = layoutWithScreens(4, { aspects: [aspect], front: 0 }, desktop).screens;
    expect((screen?.width ?? 0) / (screen?.height ?? 1)).toBeCloseTo(aspect, 6);
  },
);

test('of three screens the one in front is large; the others are small and uncropped before people', () => {
  const { screens, boxes } = layoutWithScreens(3, { aspects: [2, 16 / 9, 0.7], front: 1 }, desktop);
  expect([screens.length, boxes.length]).toEqual([3, 3]);
  expect(area(screens[1])).toBeGreaterThan(4 * area(screens[0]));
  expect((screens[2]?.width ?? 0) / (screens[2]?.height ?? 1)).toBeCloseTo(0.7);
  expect(Math.max(bottom(screens[0]), bottom(screens[2]))).toBeLessThan(boxes[0]?.y ?? 0);
});

test('people move when another screen is put in front, and not with the size of the window', () => {
  const shape = (shown: SharedScreens, where = desktop) => layoutWithScreens(3, shown, where).shape;
  expect(shape(one)).not.toBe(shape(two));
  expect(shape(two)).not.toBe(shape({ ...two, front: 1 }));
  expect(shape(one)).toBe(shape(one, room(1500, 800)));
});

test('a person who is pinned takes most of the stage, and the others line up in their order, you last', () => {
  const { boxes, screens, pair } = layoutWithLarge(
    pictures(5),
    { screens: [], large: 1 },
    { all: desktop, free: desktop },
  );
  expect([boxes.length, screens.length, pair]).toEqual([5, 0, false]);
  expect(area(boxes[1])).toBeGreaterThan(0.7 * area(desktop));
  const column = [boxes[0], boxes[2], boxes[3], boxes[4]];
  for (const box of column) expect(box?.x).toBeGreaterThan(right(boxes[1]));
  expect(column.map((box) => box?.y)).toEqual(column.map((box) => box?.y).sort((one, two) => (one ?? 0) - (two ?? 0)));
});

test('on a phone in portrait a pinned person is above the others, cropped at the sides to be large', () => {
  const { boxes } = layoutWithLarge(pictures(3), { screens: [], large: 0 }, { all: phone, free: phone });
  expect(boxes[0]?.width).toBe(phone.width);
  expect(area(boxes[0])).toBeGreaterThan(0.6 * area(phone));
  for (const box of boxes.slice(1)) expect(box.y).toBeGreaterThan(bottom(boxes[0]));
});

test('a pinned person with a portrait picture leaves the rest of the width to the others', () => {
  const portrait = { others: [9 / 16, wide, wide], mine: wide };
  const { boxes } = layoutWithLarge(portrait, { screens: [], large: 0 }, { all: desktop, free: desktop });
  expect(boxes[0]?.height).toBe(desktop.height);
  expect((boxes[0]?.width ?? 0) / (boxes[0]?.height ?? 1)).toBeLessThan(0.9);
  expect(area(boxes[1])).toBeGreaterThan(0.08 * area(desktop));
});

test('a screen gives way to a pinned person and stays uncropped among the others', () => {
  const { boxes, screens } = layoutWithLarge(pictures(3), { screens: [2], large: 1 }, { all: desktop, free: desktop });
  expect(area(boxes[0])).toBeGreaterThan(5 * area(screens[0]));
  expect((screens[0]?.width ?? 0) / (screens[0]?.height ?? 1)).toBeCloseTo(2);
});

const rooms = [desktop, phone, room(748, 374), room(344, 560), room(736, 900), room(2528, 1300), room(0, 0)];

describe.each(rooms)('in %o', (where) => {
  test.each([
    [2, 1],
    [5, 1],
    [6, 2],
    [6, 6],
    [12, 1],
  ])('%i people and %i screens have a box each, inside, none over another', (people, count) => {
    for (const aspect of [0.5, 16 / 9, 3]) {
      const { boxes, screens } = layoutWithScreens(
        people,
        { aspects: Array(count).fill(aspect), front: count - 1 },
        where,
      );
      const all = [...screens, ...boxes];
      expect([boxes.length, screens.length]).toEqual([people, count]);
      for (const [index, box] of all.entries()) {
        expect(all.slice(index + 1).some((other) => overlap(box, other))).toBe(false);
        if (where.width === 0) continue;
        expect(Math.min(box.width, box.height)).toBeGreaterThan(0);
        expect(Math.min(box.x - where.x, box.y - where.y)).toBeGreaterThanOrEqual(-0.01);
        expect(right(box)).toBeLessThanOrEqual(right(where) + 0.01);
        expect(bottom(box)).toBeLessThanOrEqual(bottom(where) + 0.01);
      }
    }
  });
});
