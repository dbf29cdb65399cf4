// What the page can do to comparisons: start, stop, resume, delete, and read what they came to.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canSignal } from '../../files/lock.node.ts';
import { COMPARISON, COMPARISON_REPORT } from '../../train/compare/compare.node.ts';
import type { CompareSettings, Comparison } from '../../train/compare/node.ts';
import { ownerOfFolder } from '../../train/run/lock.node.ts';
import type { ComparisonView } from '../protocol.ts';
import { begin, newFolder, removeFolder } from './actions.ts';
import { RequestError } from './request-error.ts';
import type { RunStore } from './run-store.ts';
import { comparisonWords, type Settings } from './words.ts';

/** @throws RequestError, UsageError */
export async function startComparison(
  store: RunStore,
  { settings, name }: { settings: Settings; name?: string },
): Promise<ComparisonView> {
  const words = comparisonWords(settings);
  store.jobs.checkRoom();
  const folder = await newFolder(store.path, name, 'compare');
  begin(store, { id: basename(folder), folder, words: [...words, `--out=${folder}`] });
  return store.comparison(basename(folder));
}

export async function stopComparison(store: RunStore, id: string): Promise<ComparisonView> {
  const view = await store.comparison(id);
  if (!view.can.stop) throw cannot('stopped', view);
  const job = store.jobs.get(id);
  if (job?.state === 'running') {
    job.stop();
  } else {
    const owner = await ownerOfFolder(join(store.path, view.id));
    if (owner === undefined || !canSignal(owner)) throw cannot('stopped', view);
    process.kill(owner.pid, 'SIGTERM');
  }
  return store.comparison(id);
}

/** Goes on with the networks that are not done: `compare` does so where its settings are repeated. */
export async function resumeComparison(store: RunStore, id: string): Promise<ComparisonView> {
  const view = await store.comparison(id);
  if (!view.can.resume) throw cannot('resumed', view);
  const folder = join(store.path, view.id);
  const words = comparisonWords(settingsOf(await readComparison(store, view)));
  store.jobs.start(id, folder, [...words, `--out=${folder}`]);
  return store.comparison(id);
}

export async function removeComparison(store: RunStore, id: string): Promise<void> {
  const view = await store.comparison(id);
  if (!view.can.remove) throw cannot('deleted', view);
  await removeFolder(join(store.path, view.id), { withRuns: true });
  store.jobs.forget(id);
  await store.look();
}

/** comparison.json; null where it is not there yet, or damaged. @param id of a view: a name in the folder of runs */
export async function readComparison(store: RunStore, { id }: ComparisonView): Promise<Comparison | null> {
  try {
    return JSON.parse(await readFile(join(store.path, id, COMPARISON), 'utf8')) as Comparison;
  } catch {
    return null;
  }
}

export const reportOf = (store: RunStore, { id }: ComparisonView): string => join(store.path, id, COMPARISON_REPORT);

/** The options that such a comparison was begun with. */
function settingsOf(comparison: Comparison | null): Settings {
  try {
    const { grid, config } = comparison!;
    const batchNorm = grid.batchNorm.length === 2 ? 'both' : grid.batchNorm[0] ? 'with' : 'without';
    const { dataset, limit, epochs, batchSize, learningRate: lr, seed, device, strict } = config;
    const settings: CompareSettings = {
      depths: grid.depths,
      activations: grid.activations,
      batchNorm,
      limit: limit ?? 'all',
      optimizer: config.optimizer.name,
      schedule: config.schedule.name,
      ...{ dataset, epochs, batchSize, lr, seed, device, strict },
    };
    return { ...settings };
  } catch (error) {
    throw new RequestError('conflict', `${COMPARISON} is damaged: it cannot be resumed`, { cause: error });
  }
}

function cannot(what: string, { id, state }: ComparisonView): RequestError {
  return new RequestError('conflict', `${id} is ${state}: it cannot be ${what}`);
}
