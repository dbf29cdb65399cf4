// Which checkpoint a run goes on from: the last one, or the one before where the last is missing or damaged.

import { ResiduaError } from '../../errors.ts';
import { type Checkpoint, readCheckpoint } from '../checkpoint.ts';

export interface CheckpointFile {
  /** For messages. */
  readonly path: string;
  /** The same without the folder. */
  readonly name: string;
  /** @returns undefined where there is none @throws ResiduaError where it can't be read */
  read(): Promise<Uint8Array | undefined>;
}

export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Why it is the one before; undefined where it is the last. */
  readonly fallback: string | undefined;
}

/**
 * @param files the last one first
 * @param about.config where the run's settings are, for messages
 * @param about.begun whether the run has left something that comes after a checkpoint
 * @returns undefined where the run was ended before its first one
 * @throws ResiduaError where there were some and none can be used
 */
export async function findWhole(
  files: readonly CheckpointFile[],
  { config, begun }: { readonly config: string; readonly begun: boolean },
): Promise<FoundCheckpoint | undefined> {
  const problems: string[] = [];
  let missing = 0;
  for (const { path, name, read } of files) {
    try {
      const bytes = await read();
      if (bytes) {
        const checkpoint = await readCheckpoint(bytes, path);
        const { step } = checkpoint.state;
        const fallback = `${problems.join('; ')}: going on from ${name} instead, after step ${step}.`;
        return { checkpoint, fallback: problems.length === 0 ? undefined : fallback };
      }
      missing++;
      problems.push(`there is no ${path}`);
    } catch (error) {
      if (!(error instanceof ResiduaError)) throw error;
      problems.push(error.message.includes(path) ? error.message : `${path}: ${error.message}`);
    }
  }
  if (missing === files.length && !begun) return undefined;
  throw new ResiduaError(`the run cannot be resumed: ${problems.join('; ')}`, {
    hint: `Begin a new run with the settings of ${config}.`,
  });
}
