// Runs on Node, from configuration to run folder: a folder that this process alone works on, everything built, the run
// itself (execute.ts), its curve and its report.

import { basename } from 'node:path';
import { DeadThreadError, ResiduaError } from '../../errors.ts';
import { isFolder } from '../../files/is-folder.node.ts';
import { WriteError, writeAtomically } from '../../files/write-atomically.node.ts';
import { findCheckpoint, settle, writeCheckpoint } from './checkpoints.node.ts';
import type { RunConfig } from './config.ts';
import { beginning, conclude, describeRun, type Run, type RunStore, restore, trainToWeights } from './execute.ts';
import { lockFolder } from './lock.node.ts';
import { lossCurve } from './loss-curve.ts';
import { buildOnNode } from './platform.node.ts';
import { renderReport } from './report/report.ts';
import { thumbnail } from './report/thumbnails.node.ts';
import type { Reporter, RunResult, RunSummary } from './reporter.ts';
import {
  appendMetrics,
  checkEmpty,
  createRunFolder,
  filesOf,
  readConfig,
  restoreMetrics,
  tidy,
  writeConfig,
  writePreflight,
} from './run-folder.node.ts';

export interface RunOptions {
  /** The run folder, new or empty; runs/RECIPE-DATE by default. */
  readonly folder?: string;
  readonly reporter?: Reporter;
  /** Aborting it ends the run after the step under way, with everything saved. */
  readonly signal?: AbortSignal;
  /** Instead of those of the configuration; the results are the same. */
  readonly threads?: number;
}

/**
 * Trains, evaluates on the test set at the end, and writes the run folder.
 *
 * @param config from resolveRunConfig
 */
export async function trainRun(config: RunConfig, options: RunOptions = {}): Promise<RunResult> {
  const begin = performance.now();
  const { reporter = {} } = options;
  const built = await buildOnNode(config, { reporter, resumed: false, threads: options.threads });
  try {
    const folder = await createRunFolder(options.folder, config.recipe);
    const lock = await lockFolder(folder);
    try {
      await checkEmpty(folder); // by the time the lock was ours, another run may have been there
      await tidy(folder);
      await writeConfig(folder, config);
      const store = filesIn(folder);
      return await execute({ ...options, folder, store, config, built, reporter, begin, ...(await beginning(store)) });
    } finally {
      await lock.release();
    }
  } finally {
    await built.close();
  }
}

/**
 * Goes on with a run that was stopped or that crashed, from its last whole checkpoint to the end: to the same weights, log
 * and test as without. One that was ended before its first checkpoint begins again.
 *
 * @throws ResiduaError where there is no run, its files don't belong together or are damaged, or a process works on it
 */
export async function resumeRun(folder: string, options: Omit<RunOptions, 'folder'> = {}): Promise<RunResult> {
  const begin = performance.now();
  const { reporter = {} } = options;
  const config = await readConfig(folder);
  const lock = await lockFolder(folder);
  try {
    await tidy(folder);
    const found = await findCheckpoint(folder);
    if (!found) reporter.note?.('The run was ended before its first checkpoint: it begins again.');
    if (found?.fallback !== undefined) reporter.warning?.(found.fallback);
    const built = await buildOnNode(config, { reporter, resumed: found !== undefined, threads: options.threads });
    try {
      const store = filesIn(folder);
      const restored = found ? await restore(found, { store, built, reporter }) : await beginning(store);
      if (found) await settle(folder, found);
      return await execute({ ...options, folder, store, config, built, reporter, begin, ...restored });
    } finally {
      await built.close();
    }
  } finally {
    await lock.release();
  }
}

async function execute(run: Run): Promise<RunResult> {
  try {
    return await trainAndMeasure(run);
  } catch (error) {
    throw error instanceof WriteError || error instanceof DeadThreadError ? withWayOn(error, run) : error;
  }
}

/** With what is left of the run, and how to go on with it. */
function withWayOn(error: WriteError | DeadThreadError, { folder, savedStep }: Run): ResiduaError {
  if (!isFolder(folder)) {
    return new ResiduaError(`the run folder ${folder} is gone: it was moved or deleted, or its disk was taken away`, {
      hint: 'Where it still is, --resume goes on with what is saved in it.',
      cause: error,
    });
  }
  if (savedStep === undefined) return error;
  const way = `on with --resume ${folder}: the run is saved up to step ${savedStep}.`;
  const hint = error instanceof WriteError ? `${error.remedy}, then go ${way}` : `Go ${way} ${error.remedy}`;
  return new ResiduaError(error.message, { hint, cause: error.cause });
}

async function trainAndMeasure(run: Run): Promise<RunResult> {
  const { folder, config, built, log } = run;
  const files = filesOf(folder);
  await writePreflight(folder, built.warnings);
  const outcome = await trainToWeights(run);
  await writeAtomically(files.lossCurve, lossCurve(log, `${config.model} on ${built.training.dataset.name}`));
  const summary = await conclude(run, outcome);
  await writeAtomically(files.report, reportOf(run, summary));
  return { ...summary, folder, config, warnings: built.warnings, log, files };
}

function reportOf(run: Run, summary: RunSummary): string {
  const { folder, config, log, built } = run;
  const { parameters, multiplyAdds, trainImages, validationImages, testImages } = describeRun(run);
  const { dataset } = built.test;
  return renderReport({
    name: basename(folder),
    config,
    summary,
    warnings: built.warnings,
    log,
    model: { parameters, multiplyAdds },
    data: { trainImages, validationImages, testImages },
    thumbnails: summary.test?.mistakes.map(({ index }) => thumbnail(dataset, index)) ?? [],
  });
}

function filesIn(folder: string): RunStore {
  const files = filesOf(folder);
  return {
    appendMetrics: (point) => appendMetrics(folder, point),
    writeCheckpoint: (bytes) => writeCheckpoint(folder, bytes),
    writeModel: (bytes) => writeAtomically(files.model, bytes),
    restoreMetrics: (count) => restoreMetrics(folder, count),
    writeResult: (summary) => writeAtomically(files.result, `${JSON.stringify(summary, null, 2)}\n`),
  };
}
