// The files of a run in a tab as the training writes them (train/run/execute.ts), and where it finds its last checkpoint.

import type { RunStore } from '../../../../train/run/execute.ts';
import { type FoundCheckpoint, findWhole } from '../../../../train/run/find-checkpoint.ts';
import { fromLines, toLine } from '../../../../train/run/metrics-lines.ts';
import { type FileName, fileNames, type RunFiles } from './storage.ts';

export function storeIn(files: RunFiles): RunStore {
  return {
    appendMetrics: (point) => files.append(fileNames.metrics, toLine(point)),
    writeCheckpoint: (bytes) => files.write(fileNames.checkpoint, bytes, { keepOldAs: fileNames.previousCheckpoint }),
    writeModel: (bytes) => files.write(fileNames.model, bytes),
    writeResult: (summary) => files.write(fileNames.result, `${JSON.stringify(summary, null, 2)}\n`),
    restoreMetrics: async (count) => {
      const points = fromLines((await files.text(fileNames.metrics)) ?? '', count);
      await files.write(fileNames.metrics, points.map(toLine).join(''));
      return points;
    },
  };
}

/** @returns undefined where the run was ended before its first one */
export async function findCheckpoint(files: RunFiles): Promise<FoundCheckpoint | undefined> {
  const file = (name: FileName) => ({ path: `${files.name}/${name}`, name, read: () => files.read(name) });
  const candidates = [fileNames.checkpoint, fileNames.previousCheckpoint].map(file);
  const begun = (await files.open(fileNames.model)) !== undefined;
  return findWhole(candidates, { config: `${files.name}/${fileNames.config}`, begun });
}

/** After falling back: what is whole gets the name of the last one, where the next one replaces it in turn. */
export async function settle(files: RunFiles, { fallback }: FoundCheckpoint): Promise<void> {
  if (fallback !== undefined) await files.rename(fileNames.previousCheckpoint, fileNames.checkpoint);
}
