import { expect, test } from 'vitest';
import { frameOf, type Point, whole, Zooming, zoomed } from '../src/model/stage/zoom';

/** A wide screen on a phone held upright: it is 390x219. */
const frame = frameOf({ width: 390, height: 844 }, 16 / 9);
const zooming = () => new Zooming(() => frame);
const at = (x: number, y: number): Point => ({ x, y });

/** Puts fingers down and moves them. */
function drag(on: Zooming, from: readonly Point[], to: readonly Point[]) {
  for (const [finger, point] of from.entries()) on.down(finger, point);
  for (const [finger, point] of to.entries()) on.move(finger, point);
}

test('a picture is as large as it fits', () => {
  expect(frame.picture).toEqual({ width: 390, height: 219.375 });
  expect(frameOf({ width: 844, height: 390 }, 9 / 16).picture).toEqual({ width: 219.375, height: 390 });
});

test('two fingers apart enlarge what is between them', () => {
  const on = zooming();
  drag(on, [at(-50, 0), at(50, 0)], [at(-100, 0), at(100, 0)]);
  expect(on.zoom.value).toEqual({ scale: 2, x: 0, y: 0 });
});

test('what a finger touches stays under it', () => {
  const touched = at(100, 40);
  const now = zoomed({ scale: 4, x: 0, y: 0 }, 1.2, touched, at(110, 30), frame);
  const inPicture = (point: Point, { scale, x, y }: typeof now) => at((point.x - x) / scale, (point.y - y) / scale);
  const before = inPicture(touched, { scale: 4, x: 0, y: 0 });
  const after = inPicture(at(110, 30), now);
  expect([after.x, after.y].map(Math.round)).toEqual([before.x, before.y].map(Math.round));
});

test('a picture gets no smaller than it fits, and no larger than six times that', () => {
  const on = zooming();
  on.by(0.1);
  expect(on.zoom.value.scale).toBe(1);
  on.by(100);
  expect(on.zoom.value.scale).toBe(6);
});

test('a finger moves a large picture, to its edge and no further', () => {
  const on = zooming();
  on.by(2);
  drag(on, [at(0, 0)], [at(50, 30)]);
  expect(on.zoom.value).toEqual({ scale: 2, x: 50, y: 0 }); // it is lower than the view
  on.move(0, at(1000, 30));
  expect(on.zoom.value.x).toBe(195);
});

test('a finger moves nothing while all of the picture is seen', () => {
  const on = zooming();
  drag(on, [at(0, 0)], [at(80, 80)]);
  expect(on.zoom.value).toEqual(whole);
});

test('a second finger, and then one fewer, moves on from where they are', () => {
  const on = zooming();
  on.by(3);
  drag(on, [at(0, 0), at(100, 0)], [at(0, 0), at(100, 0)]);
  on.up(1, 100);
  const before = on.zoom.value;
  on.move(0, at(1, 0));
  expect(on.zoom.value.x - before.x).toBe(1);
});

test('a double tap enlarges what it hits, and the next one shows all again', () => {
  const on = zooming();
  const tap = (time: number) => {
    on.down(0, at(60, 20));
    return on.up(0, time);
  };
  expect([tap(0), tap(200)]).toEqual(['tap', 'double tap']);
  expect(on.zoom.value).toMatchObject({ scale: 2.5, x: -90 });
  expect([tap(1000), tap(1200)]).toEqual(['tap', 'double tap']);
  expect(on.zoom.value).toEqual(whole);
});

test('taps far apart, or long after each other, count one by one', () => {
  const on = zooming();
  const tap = (x: number, time: number) => {
    on.down(0, at(x, 0));
    return on.up(0, time);
  };
  expect([tap(0, 0), tap(100, 100), tap(100, 500)]).toEqual(['tap', 'tap', 'tap']);
});

test('a drag, a pinch and a cancelled touch do not count as taps', () => {
  const on = zooming();
  drag(on, [at(0, 0)], [at(30, 0)]);
  expect(on.up(0, 0)).toBeNull();
  drag(on, [at(0, 0), at(50, 0)], []);
  expect([on.up(0, 10), on.up(1, 10)]).toEqual([null, null]);
  on.down(0, at(0, 0));
  on.cancel(0);
  expect(on.up(0, 20)).toBeNull();
});

test('after the view got another size, the picture is within its edges again', () => {
  let view = { width: 390, height: 844 };
  const on = new Zooming(() => frameOf(view, 16 / 9));
  on.by(2);
  drag(on, [at(0, 0)], [at(195, 0)]);
  view = { width: 300, height: 844 };
  on.resized();
  expect(on.zoom.value.x).toBe(150);
});
