/** Why a data channel took nothing: 16 MiB wait in its queue already, or so. */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'OperationError';
}

/** An error with a stable code for programs and words for people. */
export class EyelineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EyelineError';
    this.code = code;
  }
}
