// Writing a file so that under its name there is always a whole one: the new content goes to a temporary file in the same
// folder, is forced to the disk, and then takes the old one's place in one step. Whatever ends the process in between, a
// reader finds the old content or the new one.

import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ResiduaError } from '../errors.ts';

export interface WriteOptions {
  /** Another name in the same folder, which the old content gets instead of being lost. */
  readonly keepOldAs?: string;
}

/** @throws WriteError naming the file and the system's reason; the old content is then intact */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { keepOldAs }: WriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // Where the process ends between these two, there is the old content under its new name.
    if (keepOldAs !== undefined) await rename(path, keepOldAs).catch(unless('ENOENT'));
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw cannotWrite(path, error);
  }
}

/** Forces to the disk what was appended to a file, if there is one. */
export async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannotWrite(path, error);
  }
}

/** Removes what processes that were killed left of writing these files of a folder. */
export async function removeParts(folder: string, paths: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isPart(name, paths)) await rm(join(folder, name), { force: true });
  }
}

/** Whether it is the temporary file of one of these. */
export function isPart(name: string, paths: readonly string[]): boolean {
  const owner = /^(.*)\.\d+\.part$/.exec(name)?.[1];
  return owner !== undefined && paths.some((path) => basename(path) === owner);
}

/** What a file system says that can't sync folders. */
const CANNOT_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EACCES', 'EPERM'];

/** Without it the new name may be lost in a power failure. Windows has no such call, and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    unless(...CANNOT_SYNC)(error);
  }
}

function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}

/** The operating system refused to write. */
export class WriteError extends ResiduaError {
  /** What to do about it, without the full stop. */
  readonly remedy: string;

  constructor(message: string, remedy: string, cause: unknown) {
    super(message, { hint: `${remedy}, or choose another folder with --out.`, cause });
    this.remedy = remedy;
  }
}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space',
  EDQUOT: 'Your share of the disk is used up: free some space',
  EFBIG: 'The file is larger than the system allows: raise its limit (ulimit -f)',
  EROFS: 'The file system is read-only: make it writable',
};

export function cannotWrite(path: string, error: unknown): WriteError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new WriteError(`could not write ${path}: ${message}`, remedies[code] ?? 'Make it writable', error);
}
