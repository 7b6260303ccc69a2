/** Whether `send` failed because the data channel's buffer is full (about 16 MiB). */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'OperationError';
}

/** An error of this API: a stable `code` for programs, and a `message` in English for people. */
export class EyelineError extends Error {
  /** What went wrong, such as `room-full`. Codes are stable; messages may change. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EyelineError';
    this.code = code;
  }
}
