// A run that is built, from its first step, or where a checkpoint left it, to its result: train, save every minute, at every
// epoch and at the end, then measure on the test set, once. The test set chooses nothing: it is not looked at before the last
// epoch is done. On any platform: where the files go is the caller's (a folder on a disk, or a tab's own storage).

import { summarise } from '../../models/index.ts';
import { restoreCheckpoint, saveCheckpoint } from '../checkpoint.ts';
import type { Evaluation } from '../evaluate.ts';
import { stageStates } from '../fine-tune.ts';
import { LastGood } from '../last-good.ts';
import { type TrainOutcome, train } from '../loop.ts';
import { writeModelFile } from '../model-file.ts';
import { NonFiniteError } from '../non-finite.ts';
import type { LogPoint } from '../progress.ts';
import { TrainingState } from '../state.ts';
import { weightsHash } from '../weights-hash.ts';
import type { BuiltRun } from './build.ts';
import type { RunConfig } from './config.ts';
import type { FoundCheckpoint } from './find-checkpoint.ts';
import type { Reporter, RunSummary } from './reporter.ts';

/** The files that a run writes as it goes. What is replaced is replaced as a whole, whatever happens in between. */
export interface RunStore {
  /** A line more of metrics.jsonl. */
  appendMetrics(point: LogPoint): Promise<void>;
  /** Keeps the one before, too. */
  writeCheckpoint(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  writeModel(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  writeResult(summary: RunSummary): Promise<void>;
  /** Cuts metrics.jsonl back to its first `count` points. @returns these; fewer where some are lost */
  restoreMetrics(count: number): Promise<LogPoint[]>;
}

export interface Run {
  /** How to call it: its folder. */
  readonly folder: string;
  readonly store: RunStore;
  readonly config: RunConfig;
  readonly built: BuiltRun;
  readonly reporter: Reporter;
  /** Aborting it ends the run after the step under way, with everything saved. */
  readonly signal?: AbortSignal;
  /** When the call began, of performance.now(). */
  readonly begin: number;
  readonly state: TrainingState;
  /** What was logged before a resume; grows. */
  readonly log: LogPoint[];
  /** Of the last checkpoint; undefined before the first. */
  savedStep?: number;
}

/** Of a new run: nothing done, an empty log. */
export async function beginning(store: RunStore): Promise<Pick<Run, 'state' | 'log'>> {
  return { state: new TrainingState(), log: await store.restoreMetrics(0) };
}

/** What a run was built into is set to what a checkpoint says, and the log cut back to it: where the run goes on. */
export async function restore(
  { checkpoint }: FoundCheckpoint,
  { store, built, reporter }: Pick<Run, 'store' | 'built' | 'reporter'>,
): Promise<Pick<Run, 'state' | 'log' | 'savedStep'>> {
  const state = await restoreCheckpoint(checkpoint, built);
  const log = await store.restoreMetrics(state.logPoints);
  if (log.length < state.logPoints) {
    const lost = `${state.logPoints - log.length} of ${state.logPoints} lines`;
    reporter.warning?.(`metrics.jsonl has lost ${lost}: the loss curve has a gap, the training has none.`);
    state.logPoints = log.length;
  }
  return { state, log, savedStep: state.step };
}

/** Trains to the end, or until the signal, and writes the weights. */
export async function trainToWeights(run: Run): Promise<TrainOutcome> {
  const { store, config, built, reporter, signal, state, log } = run;
  const { device, model, measured, task, optimizer, ema, earlyStopping, schedule, training, validation } = built;
  const lastGood = new LastGood(built);
  let lastSave = performance.now();
  const save = async () => {
    await store.writeCheckpoint(await saveCheckpoint(built, state));
    run.savedStep = state.step;
    lastGood.adopt(state);
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
    lastGood,
    loader: training,
    accumulate: config.accumulate,
    clipGradNorm: config.clipGradNorm ?? undefined,
    learningRate: schedule,
    epochs: config.epochs,
    logEvery: config.logEvery,
    validate: validation && (() => built.evaluator.run(validation, { onProgress: progressOf('validation', run) })),
    measureNorms: built.norms && (() => built.norms!.measure()),
    onReady: (ready) => reporter.start?.({ ...describeRun(run), ...ready }),
    onNorms: (norms) => reporter.norms?.(norms),
    onStep: async (progress) => {
      reporter.step?.(progress);
      if (performance.now() - lastSave >= 1000 * config.checkpointSeconds) await save();
    },
    onLog: async (point) => {
      log.push(point);
      await store.appendMetrics(point);
      reporter.log?.(point);
    },
    onEpoch: async (summary) => {
      await save();
      reporter.epoch?.(summary);
    },
  }).catch((error) => {
    throw error instanceof NonFiniteError ? withLastSave(error, run) : error;
  });
  if (outcome.status === 'stopped') await save();
  if (outcome.status === 'finished' && state.best) await earlyStopping?.restore();
  for (const variable of measured.stateDict().values()) await device.read(variable);
  await store.writeModel(writeModelFile(measured, built.card));
  return outcome;
}

/** What is left of a run that has diverged. */
function withLastSave(
  { message, hint, first, step, cause }: NonFiniteError,
  { folder, savedStep }: Run,
): NonFiniteError {
  const saved =
    savedStep === undefined
      ? 'Nothing was saved yet.'
      : `The last good checkpoint, of step ${savedStep}, is kept in ${folder}; resumed as it is, the run would come to the same.`;
  return new NonFiniteError(message, { hint: `${hint} ${saved}`, cause, first, step });
}

/** Measures a run that is finished on its test set, and writes what the run came to. */
export async function conclude(run: Run, { status }: TrainOutcome): Promise<RunSummary> {
  const { store, built, begin, state } = run;
  const test = status === 'finished' ? await measure(run) : null;
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
    weightsHash: await weightsHash(built.measured),
  };
  await store.writeResult(summary);
  return summary;
}

/** On the test set; null when the signal comes in the middle of it. */
async function measure(run: Run): Promise<Evaluation | null> {
  const { signal, built } = run;
  try {
    return await built.evaluator.run(built.test, { signal, onProgress: progressOf('test', run) });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return null;
    throw error;
  }
}

function progressOf(set: 'validation' | 'test', { built, reporter }: Run): (images: number) => void {
  const of = built[set]!.dataset.length;
  return (images) => reporter.evaluate?.({ set, images, of });
}

/** What is known of it before its first step, but what the compiler says. */
export function describeRun({ folder, config, built, state, begin }: Run) {
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
    warnings: built.warnings,
    batchesPerEpoch: Math.ceil(training.batchesPerEpoch / config.accumulate),
    startStep: state.step,
    secondsToStart: (performance.now() - begin) / 1000,
  };
}
