import { expect, test } from 'vitest';
import { placeMenu } from '../src/view/ui/menu-place';

const button = (x: number, y: number) => ({ x, y, width: 52, height: 52 });
const menu = { width: 280, height: 300 };
const desktop = { width: 1440, height: 900 };

test('a menu opens above its button, in the middle of it', () => {
  expect(placeMenu(button(700, 820), menu, desktop)).toEqual({ x: 586, y: 506, ...menu });
});

test('from a button at the top it opens below', () => {
  expect(placeMenu(button(700, 20), menu, desktop).y).toBe(86);
});

test.each([0, 1400])('at x=%i it stays inside the window', (x) => {
  const place = placeMenu(button(x, 820), menu, desktop);
  expect(place.x).toBeGreaterThanOrEqual(8);
  expect(place.x + place.width).toBeLessThanOrEqual(desktop.width - 8);
});

test('on a phone on its side it opens beside the column of buttons, all of it in sight', () => {
  const place = placeMenu(button(780, 160), menu, { width: 844, height: 320 });
  expect(place).toEqual({ x: 486, y: 12, ...menu });
});

test('a menu higher than the room above its button is less high, and scrolls', () => {
  const place = placeMenu(button(100, 320), { width: 300, height: 600 }, { width: 320, height: 400 });
  expect(place).toMatchObject({ y: 8, height: 298 });
});
