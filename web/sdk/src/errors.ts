/** An error with a stable code for programs and words for people. */
export class EyelineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EyelineError';
    this.code = code;
  }
}
