// Whether a path that somebody typed leads to a folder.

import { statSync } from 'node:fs';

/** Not so where there is nothing, a file, a path through a file, or a name longer than the file system has. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return false;
    throw error; // there may be one, such as behind a folder that may not be entered
  }
}
