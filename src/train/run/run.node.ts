// A training run from configuration to run folder: build everything, train, save every minute, at every epoch and at the
// end, then measure on the test set, once. The test set chooses nothing: it is not looked at before the last epoch is done.

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { WriteError, writeAtomically } from '../../files/write-atomically.node.ts';
import { summarise } from '../../models/index.ts';
import { restoreCheckpoint, saveCheckpoint } from '../checkpoint.ts';
import { type Evaluation, Evaluator } from '../evaluate.ts';
import { stageStates } from '../fine-tune.ts';
import { train } from '../loop.ts';
import { writeModelFile } from '../model-file.ts';
import type { LogPoint } from '../progress.ts';
import { TrainingState } from '../state.ts';
import { weightsHash } from '../weights-hash.ts';
import { type BuiltRun, buildRun } from './build.node.ts';
import { findCheckpoint, settle, writeCheckpoint } from './checkpoints.node.ts';
import type { RunConfig } from './config.ts';
import { lockFolder } from './lock.node.ts';
import { lossCurve } from './loss-curve.ts';
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
  writeMetrics,
} from './run-folder.node.ts';

export interface RunOptions {
  /** The run folder, new or empty; runs/RECIPE-DATE by default. */
  readonly folder?: string;
  readonly reporter?: Reporter;
  /** Aborting it ends the run after the step under way, with everything saved. */
  readonly signal?: AbortSignal;
}

/**
 * Trains, evaluates on the test set at the end, and writes the run folder.
 *
 * @param config from resolveRunConfig
 */
export async function trainRun(config: RunConfig, options: RunOptions = {}): Promise<RunResult> {
  const begin = performance.now();
  const { reporter = {} } = options;
  const built = await buildRun(config, { reporter, resumed: false });
  try {
    const folder = await createRunFolder(options.folder, config.recipe);
    const lock = await lockFolder(folder);
    try {
      await checkEmpty(folder); // by the time the lock was ours, another run may have been there
      await tidy(folder);
      await writeConfig(folder, config);
      await writeMetrics(folder, []);
      const run = { ...options, folder, config, built, reporter, begin, state: new TrainingState(), log: [] };
      return await execute(run);
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
    const built = await buildRun(config, { reporter, resumed: found !== undefined });
    try {
      const state = found ? await restoreCheckpoint(found.checkpoint, built) : new TrainingState();
      if (found) await settle(folder, found);
      const log = await restoreMetrics(folder, state.logPoints);
      if (log.length < state.logPoints) {
        const lost = `${state.logPoints - log.length} of ${state.logPoints} lines`;
        reporter.warning?.(`metrics.jsonl has lost ${lost}: the loss curve has a gap, the training has none.`);
        state.logPoints = log.length;
      }
      const savedStep = found && state.step;
      return await execute({ ...options, folder, config, built, reporter, begin, state, log, savedStep });
    } finally {
      await built.close();
    }
  } finally {
    await lock.release();
  }
}

interface Run {
  readonly folder: string;
  readonly config: RunConfig;
  readonly built: BuiltRun;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
  /** When the call began, of performance.now(). */
  readonly begin: number;
  readonly state: TrainingState;
  /** What was logged before a resume; grows. */
  readonly log: LogPoint[];
  /** Of the last checkpoint; undefined before the first. */
  savedStep?: number;
}

async function execute(run: Run): Promise<RunResult> {
  try {
    return await trainAndMeasure(run);
  } catch (error) {
    throw error instanceof WriteError ? withWayOn(error, run) : error;
  }
}

/** With what is left of the run, and how to go on with it. */
function withWayOn(error: WriteError, { folder, savedStep }: Run): ResiduaError {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return new ResiduaError(`the run folder ${folder} is gone: it was moved or deleted, or its disk was taken away`, {
      hint: 'Where it still is, --resume goes on with what is saved in it.',
      cause: error,
    });
  }
  if (savedStep === undefined) return error;
  return new ResiduaError(error.message, {
    hint: `${error.remedy}, then go on with --resume ${folder}: the run is saved up to step ${savedStep}.`,
    cause: error.cause,
  });
}

async function trainAndMeasure(run: Run): Promise<RunResult> {
  const { folder, config, built, reporter, signal, begin, state, log } = run;
  const { device, model, measured, task, optimizer, ema, earlyStopping, schedule, training, validation } = built;
  const files = filesOf(folder);
  const evaluator = new Evaluator({ device, model: measured, task });
  let lastSave = performance.now();
  const save = async () => {
    await writeCheckpoint(folder, await saveCheckpoint(built, state));
    run.savedStep = state.step;
    lastSave = performance.now();
  };

  const outcome = await train({
    device,
    model,
    task,
    optimizer,
    ema,
    earlyStopping,
    state,
    signal,
    loader: training,
    accumulate: config.accumulate,
    clipGradNorm: config.clipGradNorm ?? undefined,
    learningRate: schedule,
    epochs: config.epochs,
    logEvery: config.logEvery,
    validate: validation && (() => evaluator.run(validation, { onProgress: progressOf('validation', run) })),
    onReady: (ready) => reporter.start?.({ ...describe(run), ...ready }),
    onStep: async (progress) => {
      reporter.step?.(progress);
      if (performance.now() - lastSave >= 1000 * config.checkpointSeconds) await save();
    },
    onLog: async (point) => {
      log.push(point);
      await appendMetrics(folder, point);
      reporter.log?.(point);
    },
    onEpoch: async (summary) => {
      await save();
      reporter.epoch?.(summary);
    },
  });
  if (outcome.status === 'stopped') await save();
  if (outcome.status === 'finished' && state.best) await earlyStopping?.restore();
  for (const variable of measured.stateDict().values()) await device.read(variable);
  await writeAtomically(files.model, writeModelFile(measured, built.card));
  await writeAtomically(files.lossCurve, lossCurve(log, `${config.model} on ${training.dataset.name}`));
  const test = outcome.status === 'finished' ? await measure(run, evaluator) : null;

  const summary: RunSummary = {
    status: test ? 'finished' : 'stopped',
    test,
    steps: state.step,
    epochs: state.epoch,
    best: state.best ?? null,
    images: state.images,
    trainSeconds: state.seconds,
    imagesPerSecond: state.seconds === 0 ? 0 : state.images / state.seconds,
    seconds: (performance.now() - begin) / 1000,
    weightsHash: await weightsHash(measured),
  };
  await writeAtomically(files.result, `${JSON.stringify(summary, null, 2)}\n`);
  await writeAtomically(files.report, reportOf(run, summary));
  return { ...summary, folder, config, log, files };
}

function reportOf(run: Run, summary: RunSummary): string {
  const { folder, config, log, built } = run;
  const { parameters, multiplyAdds, trainImages, validationImages, testImages } = describe(run);
  const { dataset } = built.test;
  return renderReport({
    name: basename(folder),
    config,
    summary,
    log,
    model: { parameters, multiplyAdds },
    data: { trainImages, validationImages, testImages },
    thumbnails: summary.test?.mistakes.map(({ index }) => thumbnail(dataset, index)) ?? [],
  });
}

/** On the test set; null when the signal comes in the middle of it. */
async function measure(run: Run, evaluator: Evaluator): Promise<Evaluation | null> {
  const { signal, built } = run;
  try {
    return await evaluator.run(built.test, { signal, onProgress: progressOf('test', run) });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return null;
    throw error;
  }
}

function progressOf(set: 'validation' | 'test', { built, reporter }: Run): (images: number) => void {
  const of = built[set]!.dataset.length;
  return (images) => reporter.evaluate?.({ set, images, of });
}

function describe({ folder, config, built, state, begin }: Run) {
  const { device, model, head, card, training, validation, test } = built;
  const { parameters, multiplyAdds } = summarise(model, [1, ...training.imageShape]);
  return {
    folder,
    config,
    device: device.name,
    parameters,
    stages: stageStates(model),
    head: head ?? null,
    multiplyAdds,
    trainImages: training.dataset.length,
    validationImages: validation?.dataset.length ?? 0,
    testImages: test.dataset.length,
    classes: card.classes,
    batchesPerEpoch: Math.ceil(training.batchesPerEpoch / config.accumulate),
    startStep: state.step,
    secondsToStart: (performance.now() - begin) / 1000,
  };
}
