import type { Source } from '../value.ts';
import { CHUNK_BYTES } from './offer.ts';
import type { TransferState } from './sender.ts';
import type { FileProgress } from './transfer.ts';

/** The part of a sender or receiver that progress is made of. */
interface TransferMachine {
  readonly state: TransferState;
  readonly code: string;
  readonly have: number;
  readonly pausedHere: boolean;
  readonly pausedThere: boolean;
}

/** Updates the progress. */
export function show(
  { state, code, have, pausedHere, pausedThere }: TransferMachine,
  size: number,
  to: Source<FileProgress>,
): void {
  const bytes = Math.min(size, have * CHUNK_BYTES);
  const paused = pausedHere ? 'here' : pausedThere ? 'there' : 'no';
  const { current } = to;
  if (current.bytes === bytes && current.state === state && current.paused === paused) return;
  to.set({ state, bytes, code, paused });
}

export function isOpen(state: TransferState): boolean {
  return state === 'asked' || state === 'running';
}
