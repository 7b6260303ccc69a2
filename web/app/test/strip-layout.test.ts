import { expect, test } from 'vitest';
import type { Box } from '../src/model/stage/layout';
import { stripLayout } from '../src/model/stage/strip-layout';

/** Above the chat on a phone, beside the microphone's button. */
const room: Box = { x: 8, y: 8, width: 310, height: 104 };
const wide = 16 / 9;
const people = (others: number) => ({ others: Array<number>(others).fill(wide), mine: wide });
const right = (box: Box | undefined) => (box?.x ?? 0) + (box?.width ?? 0);

const strip = (...given: Parameters<typeof stripLayout>) => {
  const layout = stripLayout(...given);
  if (layout === null) throw new Error('no strip');
  return layout;
};

test.each([
  ['upright', { width: 374, height: 752 }],
  ['of a zoomed page', { width: 300, height: 240 }],
  ['that is not measured yet', { width: 0, height: 0 }],
])('a stage %s is not a strip', (_, size) => {
  expect(stripLayout(people(1), null, { ...room, ...size })).toBeNull();
});

test('you see the others, not yourself', () => {
  const { boxes, pair } = strip(people(2), null, room);
  expect([boxes.length, pair]).toEqual([2, false]);
  expect(boxes.map(({ height }) => height)).toEqual([104, 104]);
  expect(boxes[0]?.width).toBeCloseTo((104 * 4) / 3);
  expect(boxes[1]?.x).toBeGreaterThan(right(boxes[0]));
});

test('alone you see yourself', () => {
  expect(strip(people(0), null, room).boxes).toHaveLength(1);
});

test('many people get narrower, and all of them fit', () => {
  const { boxes } = strip(people(7), null, room);
  expect(new Set(boxes.map(({ width }) => Math.round(width))).size).toBe(1);
  expect(right(boxes.at(-1))).toBeCloseTo(right(room));
});

test('a large screen comes first, uncropped; other screens are hidden', () => {
  const { screens, boxes } = strip(people(1), { screens: [1, wide], large: 1 }, room);
  expect(screens[0]).toMatchObject({ width: 0, height: 0 });
  expect((screens[1]?.width ?? 0) / (screens[1]?.height ?? 1)).toBeCloseTo(wide);
  expect(screens[1]?.x).toBe(room.x);
  expect(boxes[0]?.x).toBeGreaterThan(right(screens[1]));
});

test('beside a large screen many people still fit', () => {
  const { screens, boxes } = strip(people(5), { screens: [wide], large: 0 }, room);
  expect(screens[0]?.width).toBeCloseTo(room.width / 3);
  expect(right(boxes.at(-1))).toBeCloseTo(right(room));
  for (const { width, height } of boxes) expect(width / height).toBeGreaterThanOrEqual(0.5);
});

test('a pinned person comes first', () => {
  const { boxes } = strip(people(3), { screens: [], large: 2 }, room);
  expect(boxes[2]?.x).toBe(room.x);
  expect(boxes[0]?.x).toBeGreaterThan(right(boxes[2]));
  expect(boxes[1]?.x).toBeGreaterThan(right(boxes[0]));
});
