// Writing a file so that under its name there is always a whole one: the new content goes to a temporary file in the same
// folder, is forced to the disk, and then takes the old one's place in one step.

import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ResiduaError } from '../../errors.ts';

/** @throws ResiduaError naming the file and the system's reason; the old content is then intact */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw cannotWrite(path, error);
  }
}

/** Without it the new name may be lost in a power failure. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function cannotWrite(path: string, error: unknown): ResiduaError {
  return new ResiduaError(`could not write ${path}: ${(error as Error).message}`, {
    hint: 'Free some space, or choose another folder with --out.',
    cause: error,
  });
}
