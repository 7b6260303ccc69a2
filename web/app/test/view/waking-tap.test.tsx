// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { act } from 'preact/test-utils';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import { aCall, draw, now, person } from './scene';

/** Alice and Bob, and nobody has moved for a while. */
async function quietCall() {
  const scene = await aCall([person('Bob')]);
  draw(<CallView call={scene.call} />);
  const quiet = () => now(() => scene.world.pass(4));
  await quiet();
  return { ...scene, quiet, leave: await screen.findByRole('button', { name: 'Leave' }) };
}

/** A press at a time (ms) as the browser tells it. */
function press(element: Element, pointerType: string, timeStamp: number, detail = 1) {
  const down = new PointerEvent('pointerdown', { bubbles: true, pointerType, isPrimary: true });
  Object.defineProperty(down, 'timeStamp', { value: timeStamp });
  act(() => {
    element.dispatchEvent(down);
    element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail }));
  });
}

const left = (scene: Awaited<ReturnType<typeof quietCall>>) => scene.room.ended.current !== null;

test.each(['touch', 'pen'])('a %s on a hidden control only shows it, and the next one presses it', async (type) => {
  const scene = await quietCall();
  press(scene.leave, type, 1000);
  expect([left(scene), scene.call.controls.shown.value]).toEqual([false, true]);
  press(scene.leave, type, 1250);
  expect(left(scene)).toBe(false); // the second half of a double tap
  press(scene.leave, type, 1400);
  expect(left(scene)).toBe(true);
});

test('a screen reader presses a hidden control, although the last finger was blind', async () => {
  const scene = await quietCall();
  press(scene.leave, 'touch', 1000);
  act(() => {
    scene.leave.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 0 }));
  });
  expect(left(scene)).toBe(true);
});

test('a mouse presses what it points at', async () => {
  const scene = await quietCall();
  press(scene.leave, 'mouse', 1000);
  expect(left(scene)).toBe(true);
});

test('the tap that brings the controls back opens what was visible', async () => {
  const scene = await quietCall();
  press(screen.getByRole('button', { name: /^Connection to Bob/ }), 'touch', 1000);
  expect(scene.call.connectionShown.value).toBe('bob');
});
