import { describe, expect, it } from 'vitest';
import { parseFileFrame } from '../src/files/frames.ts';

const id = '00000000-0000-4000-8000-000000000000';

/** A frame of each kind. */
const FRAMES = [
  { frame: 'offer', id, name: 'a', size: 1, preview: '', entries: [], share: 's' },
  { frame: 'from', id, next: 3, hash: 'h' },
  { frame: 'have', id, next: 0 },
  { frame: 'chunk', id, index: 2, hash: 'h' },
  { frame: 'at', id, index: 2, hash: 'h', holder: 'bob' },
  { frame: 'got', id, index: 2 },
  { frame: 'miss', id, index: 2 },
  { frame: 'get', id, index: 2 },
  { frame: 'pass', id, index: 2 },
  { frame: 'lack', id, index: 2 },
  { frame: 'root', id, hash: 'h' },
  { frame: 'verified', id },
  { frame: 'pause', id, on: true },
  { frame: 'stop', id, code: 'cancelled' },
] as const;

/** All fields that there are, with good values. */
const EVERYTHING = Object.assign({}, ...FRAMES) as Record<string, unknown>;

const without = (frame: object, field: string): string => JSON.stringify({ ...frame, [field]: undefined });

describe.each(FRAMES)('a frame $frame', (frame) => {
  const fields = Object.keys(frame).filter((field) => frame.frame !== 'offer' || field === 'id');

  it('is read as it was sent, without what belongs to other frames', () => {
    expect(parseFileFrame(JSON.stringify(frame))).toEqual(frame);
    expect(parseFileFrame(JSON.stringify({ ...EVERYTHING, ...frame }))).toEqual(frame);
  });

  it.each(fields)('is not read without its %s', (field) => {
    expect(parseFileFrame(without(frame, field))).toBeNull();
  });

  it.each(fields.filter((field) => field === 'index' || field === 'next'))('has an %s of 0 or more', (field) => {
    for (const wrong of [-1, 0.5, '1', 2 ** 53]) {
      expect(parseFileFrame(JSON.stringify({ ...frame, [field]: wrong }))).toBeNull();
    }
  });
});

it('a frame of a later version is not read, whatever it has in common with others', () => {
  expect(parseFileFrame(JSON.stringify({ ...EVERYTHING, frame: 'later' }))).toBeNull();
});

it('a code that a page would have to show is at most 40 characters', () => {
  const code = 'x'.repeat(1000);
  expect(parseFileFrame(JSON.stringify({ frame: 'stop', id, code }))).toEqual({
    frame: 'stop',
    id,
    code: 'x'.repeat(40),
  });
});
