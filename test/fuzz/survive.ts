// What every input has to come to, whatever is in it: a result, or an error that is meant for the user. No other error, no
// stack trace, nothing that does things to a terminal; and memory does not grow with the number of inputs.

import { expect } from 'vitest';
import { ResiduaError } from '../../src/errors.ts';
import { watched } from './watchdog.ts';

/** Bytes by which this process may grow over all inputs of a test. */
const MOST_GROWTH = 768 * 2 ** 20;
/** Characters of a message, whatever the file. */
const MOST_TEXT = 20_000;

/** @returns the result, or undefined where the input was refused */
export async function survive<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await watched(read);
  } catch (error) {
    if (!isForUsers(error)) throw error;
    const { message, hint } = error as ResiduaError;
    expectReadable(`${message} ${hint ?? ''}`);
    return undefined;
  }
}

/** Those that the command line shows without calling them a defect. */
function isForUsers(error: unknown): boolean {
  return error instanceof ResiduaError || (error instanceof Error && 'syscall' in error);
}

/** @param told says what led to the text, in a failure */
export function expectReadable(text: string, told = text): void {
  expect(text, told).not.toMatch(/^ {4}at /m);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not be there
  expect(text, told).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  expect(text.length, told).toBeLessThan(MOST_TEXT);
}

/** Around all inputs of a test. */
export async function withBoundedMemory(run: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage().rss;
  await run();
  const grown = process.memoryUsage().rss - before;
  expect(grown, `grew by ${Math.round(grown / 2 ** 20)} MiB`).toBeLessThan(MOST_GROWTH);
}
