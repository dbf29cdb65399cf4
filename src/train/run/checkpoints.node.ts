// The checkpoints of a run: the last one, and the one before in case that the last is damaged. Both are whole files with a
// checksum; the process may be killed at any moment of replacing them.

import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { cannotWrite, syncFile, writeAtomically } from '../../files/write-atomically.node.ts';
import { type FoundCheckpoint, findWhole } from './find-checkpoint.ts';
import { filesOf } from './run-folder.node.ts';

/** @param bytes of saveCheckpoint */
export async function writeCheckpoint(folder: string, bytes: Uint8Array): Promise<void> {
  const { metrics, checkpoint, previousCheckpoint } = filesOf(folder);
  // A checkpoint counts the log points before it: they must not be lost where it is kept.
  await syncFile(metrics);
  await writeAtomically(checkpoint, bytes, { keepOldAs: previousCheckpoint });
}

/**
 * The last checkpoint that is whole.
 *
 * @returns undefined where the run was ended before its first one
 * @throws ResiduaError where there were some and none can be used
 */
export function findCheckpoint(folder: string): Promise<FoundCheckpoint | undefined> {
  const { config, checkpoint, previousCheckpoint, model } = filesOf(folder);
  const file = (path: string) => ({ path, name: basename(path), read: () => readIfThere(path) });
  // The weights of a run are written after a checkpoint.
  return findWhole([file(checkpoint), file(previousCheckpoint)], { config, begun: existsSync(model) });
}

/** After falling back: what is whole gets the name of the last one, where the next one replaces it in turn. */
export async function settle(folder: string, { fallback }: FoundCheckpoint): Promise<void> {
  if (fallback === undefined) return;
  const { checkpoint, previousCheckpoint } = filesOf(folder);
  await rename(previousCheckpoint, checkpoint).catch((error) => {
    throw cannotWrite(checkpoint, error);
  });
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw syscall === undefined ? error : new ResiduaError(message, { cause: error });
  }
}
