import { expect, test } from 'vitest';
import type { ChatMessage } from '../src/model/chat/chat';
import { blocksOf, shownOf } from '../src/view/chat/message-blocks';

const line = (clock: number): ChatMessage => ({ key: `bob/${clock}`, clock }) as ChatMessage;

/** That many messages, `apart` on the clock. */
const log = (count: number, apart: number) => Array.from({ length: count }, (_, index) => line((index + 1) * apart));

const drawn = (lines: readonly ChatMessage[]) => blocksOf(shownOf(lines, 200));

test.each([
  ['one after the other', 1, 1],
  ['with others unseen in between', 7, 1],
  ['on a clock that never ends a block', Math.PI, 20],
])('of many lines %s, one more changes one block', (_name, apart, rarely) => {
  const changes = [];
  for (let count = 1; count < 1000; count += 1) {
    const [before, after] = [drawn(log(count, apart)), drawn(log(count + 1, apart))];
    const known = new Map(before.map((block) => [block.lines[0]?.key, block.lines.length]));
    changes.push(after.filter((block) => known.get(block.lines[0]?.key) !== block.lines.length).length);
  }
  expect(changes.filter((changed) => changed > 1).length).toBeLessThan(rarely);
});

test('at least as many messages are shown as asked for, or all if there are fewer', () => {
  for (let count = 0; count < 1000; count += 1) {
    const shown = shownOf(log(count, 1), 200).length;
    expect(shown).toBeGreaterThanOrEqual(Math.min(count, 200));
    expect(shown).toBeLessThan(225);
  }
});
