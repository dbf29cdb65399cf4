// One process a run folder: the folder's lock, and what to do where another process has it.

import os from 'node:os';
import { join } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { InUse, type Lock, lock, lockHolder, type Owner } from '../../files/lock.node.ts';

const LOCK = 'run.lock';

/** Whether a file of this name, in a run folder, is a lock or what was left of one. */
export const isLock = (name: string): boolean => name === LOCK || name.startsWith(`${LOCK}.`);

/** The process that works on a run now; undefined where none does. */
export const ownerOfFolder = (folder: string): Promise<Owner | undefined> => lockHolder(join(folder, LOCK));

/**
 * @param folder exists
 * @throws ResiduaError naming the process that works there, if it lives or cannot be seen from here
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, LOCK);
  try {
    return await lock(path);
  } catch (error) {
    if (!(error instanceof InUse)) throw error;
    const hint =
      error.owner.host === os.hostname()
        ? 'Wait until it ends, or end it; a run that is stopped can be resumed.'
        : `Whether it still runs can't be seen from here: if it doesn't, delete ${path}.`;
    throw new ResiduaError(`${folder} is ${error.message}`, { hint });
  }
}
