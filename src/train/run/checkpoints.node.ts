// The checkpoints of a run: the last one, and the one before in case that the last is damaged. Both are whole files with a
// checksum; the process may be killed at any moment of replacing them.

import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { cannotWrite, syncFile, writeAtomically } from '../../files/write-atomically.node.ts';
import { type Checkpoint, readCheckpoint } from '../checkpoint.ts';
import { filesOf } from './run-folder.node.ts';

/** @param bytes of saveCheckpoint */
export async function writeCheckpoint(folder: string, bytes: Uint8Array): Promise<void> {
  const { metrics, checkpoint, previousCheckpoint } = filesOf(folder);
  // A checkpoint counts the log points before it: they must not be lost where it is kept.
  await syncFile(metrics);
  await writeAtomically(checkpoint, bytes, { keepOldAs: previousCheckpoint });
}

export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Why it is the one before; undefined where it is the last. */
  readonly fallback: string | undefined;
}

/**
 * The last checkpoint that is whole.
 *
 * @returns undefined where the run was ended before its first one
 * @throws ResiduaError where there were some and none can be used
 */
export async function findCheckpoint(folder: string): Promise<FoundCheckpoint | undefined> {
  const { checkpoint: last, previousCheckpoint, model } = filesOf(folder);
  const problems: string[] = [];
  let missing = 0;
  for (const path of [last, previousCheckpoint]) {
    try {
      const checkpoint = await readCheckpoint(await readFile(path), path);
      const { step } = checkpoint.state;
      const fallback = `${problems.join('; ')}: going on from ${basename(path)} instead, after step ${step}.`;
      return { checkpoint, fallback: path === last ? undefined : fallback };
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing && !(error instanceof ResiduaError) && !(error as NodeJS.ErrnoException).syscall) throw error;
      if (isMissing) missing++;
      problems.push(isMissing ? `there is no ${path}` : reason(path, error as Error));
    }
  }
  // The weights of a run are written after a checkpoint.
  if (missing === 2 && !existsSync(model)) return undefined;
  throw new ResiduaError(`the run cannot be resumed: ${problems.join('; ')}`, {
    hint: `Begin a new run with the settings of ${filesOf(folder).config}.`,
  });
}

/** After falling back: what is whole gets the name of the last one, where the next one replaces it in turn. */
export async function settle(folder: string, { fallback }: FoundCheckpoint): Promise<void> {
  if (fallback === undefined) return;
  const { checkpoint, previousCheckpoint } = filesOf(folder);
  await rename(previousCheckpoint, checkpoint).catch((error) => {
    throw cannotWrite(checkpoint, error);
  });
}

function reason(path: string, { message }: Error): string {
  return message.includes(path) ? message : `${path}: ${message}`;
}
