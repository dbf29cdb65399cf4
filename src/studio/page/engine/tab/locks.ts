// Two tabs must not work on one run. The browser's locks see to that: a tab that is closed or reloaded lets go of them.

import { ResiduaError } from '../../../../errors.ts';

const PREFIX = 'residua run ';

/** A page that was reloaded finds the lock of the one before for a moment. */
const PATIENCE_MS = 3000;

/**
 * Does the work while this tab alone has the run.
 *
 * @throws ResiduaError where another tab works on it
 */
export function whileLocked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return navigator.locks.request(`${PREFIX}${name}`, { signal }, work).catch((error) => {
    if (error !== signal.reason) throw error;
    throw new ResiduaError(`another tab works on ${name}`, { hint: 'Go on in that tab, or pause it there.' });
  }) as Promise<T>;
}

/** The runs that some tab works on. */
export async function lockedRuns(): Promise<Set<string>> {
  const { held = [] } = await navigator.locks.query();
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(PREFIX));
  return new Set(names.map((name) => name.slice(PREFIX.length)));
}
