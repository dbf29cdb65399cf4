// The errors a user may meet. A message says what was expected and what was found; the hint says what to do.
// Everything else that is thrown is a defect in Residua and is shown with its stack trace under --debug.

/** The work failed: exit code 1 on the command line. */
export class ResiduaError extends Error {
  readonly exitCode: number = 1;
  /** What the user can do about it, one sentence, or undefined. */
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(withoutControls(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint === undefined ? undefined : withoutControls(options.hint);
  }
}

/** With '?' for characters that do things to a terminal: messages repeat names and values of files that a stranger made. */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '?');
}

/** The request itself was wrong (an unknown option, a value out of range): exit code 2 on the command line. */
export class UsageError extends ResiduaError {
  override readonly exitCode = 2;
}

/** A thread that did part of the work has died, which it never should. The request was right: making it again may succeed. */
export class DeadThreadError extends ResiduaError {
  /** What may keep it from happening again: a sentence. */
  readonly remedy: string;

  /** @param thread what it is for: 'a thread of the cpu device' */
  constructor(thread: string, cause: Error, remedy: string) {
    super(`${thread} has died: ${cause.message}`, { hint: `Run again. ${remedy}`, cause });
    this.remedy = remedy;
  }
}
