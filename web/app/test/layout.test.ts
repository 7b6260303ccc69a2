import { describe, expect, test } from 'vitest';
import { type Box, cornerTowards, fits, layout, nearestCorner, type StageSize } from '../src/model/stage/layout';

const stage = (width: number, height: number): StageSize => {
  const all = { x: 0, y: 0, width, height };
  return { all, free: all };
};
const wide = 16 / 9;
const upright = 9 / 16;

/** That many others, and you. */
const pictures = (others: number) => ({ others: Array<number>(others).fill(wide), mine: wide });

const desktop = stage(1408, 780);
const phone = stage(374, 752);

const overlap = (one: Box, two: Box) =>
  one.x < two.x + two.width && two.x < one.x + one.width && one.y < two.y + two.height && two.y < one.y + one.height;

test('with two people the other fills the stage and you are small', () => {
  const { pair, boxes } = layout(pictures(1), desktop, 'bottom-right');
  expect(pair).toBe(true);
  expect(boxes[0]).toEqual(desktop.all);
  expect(boxes[1]?.width).toBeLessThan(300);
});

test('alone you are where you will be when somebody comes', () => {
  expect(layout(pictures(0), desktop, 'bottom-right').boxes[0]).toEqual(
    layout(pictures(1), desktop, 'bottom-right').boxes[1],
  );
});

test.each([
  ['desktop', desktop, 5, 'rows 2+3'],
  ['wide desktop', stage(2528, 1180), 5, 'rows 2+3'],
  ['desktop beside the chat', stage(1048, 780), 5, 'rows 2+3'],
  ['landscape phone', stage(756, 374), 5, 'rows 2+3'],
  ['desktop', desktop, 3, 'columns 1+2'],
  ['desktop', desktop, 4, 'rows 2+2'],
  ['desktop', desktop, 6, 'rows 3+3'],
  ['phone', phone, 3, 'rows 1+1+1'],
  ['phone', phone, 6, 'rows 2+2+2'],
])('on a %s %#: %o holds %i as %s', (_name, room, people, shape) => {
  expect(layout(pictures(people - 1), room, 'bottom-right').shape).toBe(shape);
});

describe.each([desktop, phone, stage(844, 390), stage(2560, 1300), stage(0, 0)])('in %o', (room) => {
  test.each([3, 4, 5, 6, 7, 8, 12])('%i people have a box each, inside, none over another', (people) => {
    const { boxes } = layout(pictures(people - 1), room, 'bottom-right');
    expect(boxes).toHaveLength(people);
    for (const [index, box] of boxes.entries()) {
      expect(boxes.slice(index + 1).some((other) => overlap(box, other))).toBe(false);
      if (room.all.width > 0) expect(box.x + box.width).toBeLessThanOrEqual(room.all.width + 0.01);
      if (room.all.width > 0) expect(box.y + box.height).toBeLessThanOrEqual(room.all.height + 0.01);
    }
  });
});

test('while you hide yourself from you, the others have the whole stage', () => {
  expect(layout({ others: [wide], mine: null }, desktop, 'bottom-right').boxes).toEqual([desktop.all]);
  expect(layout({ others: [wide, wide], mine: null }, desktop, 'bottom-right').boxes).toHaveLength(2);
  expect(layout({ others: [], mine: null }, desktop, 'bottom-right').boxes).toEqual([]);
});

const windows = [stage(1408, 868), stage(992, 736), stage(2528, 1408), stage(812, 390)];

describe.each(windows)('a portrait picture in %o', (room) => {
  const { width, height } = room.all;

  test('is beside yours, both equal, cropped by a third at most', () => {
    const { boxes, pair, split } = layout({ others: [upright], mine: wide }, room, 'bottom-right');
    const [theirs, mine] = boxes;
    expect([pair, split, boxes.length]).toEqual([true, true, 2]);
    expect([theirs?.width, theirs?.height]).toEqual([mine?.width, mine?.height]);
    expect(theirs?.x).toBeLessThan(mine?.x ?? 0);
    expect(upright / ((theirs?.width ?? 1) / (theirs?.height ?? 1))).toBeGreaterThan(0.66);
  });

  test('is in the middle while you hide yourself from you', () => {
    const [box] = layout({ others: [upright], mine: null }, room, 'bottom-right').boxes;
    expect((box?.x ?? 0) * 2 + (box?.width ?? 0)).toBeCloseTo(width);
    expect(box?.height).toBe(height);
  });
});

test('a portrait picture leaves little of a desktop empty', () => {
  const { boxes } = layout({ others: [upright], mine: wide }, stage(1408, 868), 'bottom-right');
  const used = boxes.reduce((sum, { width, height }) => sum + width * height, 0);
  expect(used / (1408 * 868)).toBeGreaterThan(0.9);
});

test('a portrait picture fills a phone held upright, with your window over it', () => {
  expect(layout({ others: [upright], mine: upright }, phone, 'bottom-right')).toMatchObject({
    pair: true,
    split: false,
  });
});

test('of five people one with a portrait picture has a narrower box of the same height', () => {
  const { shape, boxes } = layout({ others: [wide, upright, wide, wide], mine: wide }, desktop, 'bottom-right');
  const aspects = boxes.map(({ width, height }) => width / height);
  expect(shape).toMatch(/^rows/);
  expect(new Set(boxes.map(({ height }) => height)).size).toBe(1);
  expect(upright / (aspects[1] ?? 1)).toBeGreaterThan(0.5);
  expect(aspects[1]).toBeLessThan(0.7 * (aspects[0] ?? 0));
});

test('of three with portrait pictures on a desktop each has a column', () => {
  const { boxes } = layout({ others: [upright, upright], mine: upright }, desktop, 'bottom-right');
  expect(new Set(boxes.map(({ y }) => y)).size).toBe(1);
});

test('your window goes to the corner nearest to where it was let go', () => {
  expect(nearestCorner({ x: 100, y: 500, width: 200, height: 125 }, desktop.free)).toBe('bottom-left');
});

test('arrow keys move from corner to corner and nowhere else', () => {
  expect(cornerTowards('ArrowUp', 'bottom-right')).toBe('top-right');
  expect(cornerTowards('ArrowLeft', 'bottom-right')).toBe('bottom-left');
  expect(cornerTowards('a', 'bottom-right')).toBeNull();
});

test('a picture fills its box unless a face would be cropped', () => {
  expect(fits({ width: 1280, height: 720 }, { width: 390, height: 844 })).toBe('cover');
  expect(fits({ width: 720, height: 1280 }, { width: 1408, height: 780 })).toBe('contain');
});
