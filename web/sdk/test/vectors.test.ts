import { describe, expect, test } from 'vitest';
import chat from '../../../tests/vectors/chat.json' with { type: 'json' };
import files from '../../../tests/vectors/files.json' with { type: 'json' };
import frames from '../../../tests/vectors/frames.json' with { type: 'json' };
import rooms from '../../../tests/vectors/rooms.json' with { type: 'json' };
import { Conversation } from '../src/chat/conversation.ts';
import { type ChatLine, compare, SENT, sums } from '../src/chat/line.ts';
import { parseChannelFrame, parseSignal } from '../src/connection/messages.ts';
import { resumable } from '../src/files/chunks.ts';
import { hashOf, hex, rootOf } from '../src/files/hash.ts';
import { CHUNK_BYTES, readOffer } from '../src/files/offer.ts';
import { ownedRoomName } from '../src/signalling/signal-encryption.ts';

/** A line of which only its place in the order and its revision count. */
function line(author: string, id: string, clock: number, revision: number): ChatLine {
  const text = { name: '', at: 0, text: 'x', reply: null, to: null };
  return { ...text, key: `${author}/${id}`, author, id, clock, revision, mine: false, via: '', delivery: SENT };
}

describe('the test vectors shared with Python', () => {
  test.for(rooms)('owner key $owner', async ({ owner, room }) => {
    expect(await ownedRoomName(owner)).toBe(room);
  });

  test.for(files.files)('hashes of a file of $size bytes', async ({ size, chunks, from, root }) => {
    const content = new Blob([Uint8Array.from({ length: size }, (_, index) => index % 251)]);
    const { hashes } = await resumable(content); // those of whole chunks
    const last = new Uint8Array(await content.slice(hashes.length * CHUNK_BYTES).arrayBuffer());
    const all = last.length === 0 ? hashes : [...hashes, await hashOf(last)];
    expect(all.map(hex)).toEqual(chunks);
    expect(await rootOf(all)).toBe(root);
    expect(await Promise.all(from.map((_, next) => rootOf(all.slice(0, next))))).toEqual(from);
  });

  test('ids of files', () => {
    const offer = (id: string): unknown => readOffer({ id, name: 'tea.txt', size: 1 });
    expect(files.ids.valid.map(offer)).toEqual(files.ids.valid.map((id) => expect.objectContaining({ id })));
    expect(files.ids.invalid.map(offer)).toEqual(files.ids.invalid.map(() => 'bad-id'));
  });

  test('sums of chat lines', () => {
    const lines = chat.lines.map(({ author, id, revision }) => line(author, id, 1, revision));
    expect(Object.fromEntries(sums(lines))).toEqual(chat.sums);
  });

  test('the order of chat lines', () => {
    const inOrder = chat.order.map(([clock, author, id]) => line(String(author), String(id), Number(clock), 0));
    expect([...inOrder].reverse().sort(compare)).toEqual(inOrder);
  });

  /** Alice's chat, who knows one line by Bob, with that clock. */
  function knowing(known: number, now: number): Conversation {
    const chat = new Conversation({ id: 'alice-01', name: 'Alice' }, 'page');
    if (known > 0) chat.receive(bob, { ...said, id: 'known', clock: known }, now);
    return chat;
  }
  const bob = { id: 'bob-0001', name: 'Bob' };
  const said = { kind: 'chat', at: 0, revision: 0, text: 'tea', reply: null, to: null };

  test.for(chat.clocks.written)('the clock of a line written at $now, knowing $known', ({ known, now, clock }) => {
    const lines = knowing(known, now);
    lines.write('mine', now);
    expect(lines.lines.find(({ mine }) => mine)?.clock).toBe(clock);
  });

  test.for(chat.clocks.received)('the place of a line of $clock at $now, knowing $known', (vector) => {
    const lines = knowing(vector.known, vector.now);
    lines.receive(bob, { ...said, id: 'new', clock: vector.clock }, vector.now);
    expect(lines.lines.find(({ id }) => id === 'new')?.clock).toBe(vector.place);
  });

  test('signals', () => {
    expect(frames.signals.valid.map((each) => parseSignal(JSON.stringify(each)))).toEqual(frames.signals.valid);
    for (const each of frames.signals.invalid) expect(parseSignal(JSON.stringify(each))).toBeNull();
  });

  test('frames of the chat channel', () => {
    expect(frames.frames.valid.map((each) => parseChannelFrame(JSON.stringify(each)))).toEqual(frames.frames.valid);
    for (const each of frames.frames.invalid) expect(parseChannelFrame(JSON.stringify(each))).toBeNull();
  });
});
