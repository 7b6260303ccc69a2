// @vitest-environment happy-dom
import { createRef } from 'preact';
import { expect, test, vi } from 'vitest';
import { KeyboardRoom } from '../../src/view/ui/keyboard-room';
import { draw } from './scene';

test('the call ends above a keyboard that lies over the page, and not where somebody zooms', () => {
  const seen = Object.assign(new EventTarget(), { scale: 1, height: 800, offsetTop: 0 });
  vi.stubGlobal('visualViewport', seen);
  vi.stubGlobal('innerHeight', 800);
  const call = createRef<HTMLElement>();
  draw(
    <main ref={call}>
      <KeyboardRoom call={call} />
    </main>,
  );
  const room = (change: Partial<typeof seen>) => {
    Object.assign(seen, change).dispatchEvent(new Event('resize'));
    const { style } = call.current ?? document.body;
    return [style.getPropertyValue('--above'), style.getPropertyValue('--keyboard')];
  };
  expect(room({ height: 500 })).toEqual(['0px', '300px']);
  expect(room({ offsetTop: 60 })).toEqual(['60px', '240px']);
  expect(room({ scale: 2, height: 400 })).toEqual(['0px', '0px']);
  expect(room({ scale: 1, height: 800, offsetTop: 0 })).toEqual(['0px', '0px']);
  vi.unstubAllGlobals();
});
