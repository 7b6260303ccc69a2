import type { EyelineError } from '@eyeline/sdk';

/** Whether it's an error of the SDK, with a code. Anything else is a fault of this page. */
export function hasCode(error: unknown): error is EyelineError {
  return error instanceof Error && error.name === 'EyelineError';
}

/** Reports an error that we can only tell the person about, as an uncaught error of the page. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
