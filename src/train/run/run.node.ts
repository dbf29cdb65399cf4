// A training run from configuration to run folder: build everything, train, save at every epoch and at the end, then
// measure on the test set, once. The test set chooses nothing: it is not looked at before the last epoch is done.

import { basename } from 'node:path';
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
import type { RunConfig } from './config.ts';
import { lossCurve } from './loss-curve.ts';
import { renderReport } from './report/report.ts';
import { thumbnail } from './report/thumbnails.node.ts';
import type { Reporter, RunResult, RunSummary } from './reporter.ts';
import {
  appendMetrics,
  createRunFolder,
  filesOf,
  readConfig,
  readMetrics,
  readRunFile,
  writeConfig,
  writeMetrics,
} from './run-folder.node.ts';
import { writeAtomically } from './write-atomically.node.ts';

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
    await writeConfig(folder, config);
    await writeMetrics(folder, []);
    const run = { ...options, folder, config, built, reporter, begin, state: new TrainingState(), log: [] };
    return await execute(run);
  } finally {
    await built.close();
  }
}

/**
 * Goes on with a run that was stopped, from its checkpoint to the end: to the same weights as without the stop.
 *
 * @throws ResiduaError where there is no run, or its files don't belong together
 */
export async function resumeRun(folder: string, options: Omit<RunOptions, 'folder'> = {}): Promise<RunResult> {
  const begin = performance.now();
  const { reporter = {} } = options;
  const config = await readConfig(folder);
  const { checkpoint } = filesOf(folder);
  const bytes = await readRunFile(checkpoint, 'The run was stopped before its first checkpoint: begin it anew.');
  const built = await buildRun(config, { reporter, resumed: true });
  try {
    const state = await restoreCheckpoint(bytes, checkpoint, built);
    const log = (await readMetrics(folder)).filter(({ step }) => step <= state.step);
    await writeMetrics(folder, log);
    return await execute({ ...options, folder, config, built, reporter, begin, state, log });
  } finally {
    await built.close();
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
}

async function execute(run: Run): Promise<RunResult> {
  const { folder, config, built, reporter, signal, begin, state, log } = run;
  const { device, model, measured, task, optimizer, ema, earlyStopping, schedule, training, validation } = built;
  const files = filesOf(folder);
  const evaluator = new Evaluator({ device, model: measured, task });
  const save = async () => writeAtomically(files.checkpoint, await saveCheckpoint(built, state));

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
    onStep: reporter.step?.bind(reporter),
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
    images: outcome.images,
    trainSeconds: outcome.seconds,
    imagesPerSecond: outcome.seconds === 0 ? 0 : outcome.images / outcome.seconds,
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
