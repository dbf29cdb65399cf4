// How much is fuzzed, and from which seed. `npm run test:fuzz` runs everything with a new seed each time; `npm test` a share
// of it, always the same. FUZZ_SEED=N repeats a run: fast-check prints the seed and the path of what failed.

import fc from 'fast-check';

/** vitest's --mode. */
const { MODE } = (import.meta as unknown as { readonly env: { readonly MODE: string } }).env;
const whole = MODE === 'fuzz';
const SHARE = 1 / 40;

const seed = Number(process.env.FUZZ_SEED ?? (whole ? Date.now() % 2 ** 31 : 1));
if (whole) fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });

/** @param most inputs in a whole run */
export function effort(most: number): { numRuns: number; seed: number } {
  return { numRuns: whole ? most : Math.ceil(most * SHARE), seed };
}

/** Milliseconds for one test: all of its inputs. */
export const testTimeout = whole ? 3_600_000 : 300_000;

if (whole) process.stderr.write(`FUZZ_SEED=${seed}\n`);
