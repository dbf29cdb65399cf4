// The training loop, on any platform: takes batches from a loader, runs the step's program on each, and tells how it goes.
// It owns no files and prints nothing. Where it stands is a TrainingState, so it can begin in the middle of an epoch; an
// AbortSignal ends it after the step under way.

import type { BatchLoader } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { createStep } from './accumulation.ts';
import { batchesOf } from './batches.ts';
import { createBreathing } from './breathe.ts';
import { divergence } from './divergence.ts';
import type { EarlyStopping } from './early-stopping.ts';
import type { ModelEma } from './ema.ts';
import { LastGood } from './last-good.ts';
import { NonFiniteError } from './non-finite.ts';
import type { Optimizer } from './optimizers/index.ts';
import type {
  EpochSummary,
  LayerNorms,
  LogPoint,
  NormsPoint,
  Place,
  Ready,
  StepProgress,
  Validation,
} from './progress.ts';
import { findFirstNonFinite } from './replay.ts';
import { constantLR, type Schedule } from './schedules/index.ts';
import { RecentSpeed, Work } from './speed.ts';
import { TrainingState } from './state.ts';
import type { Step } from './step.ts';
import { singleLabel, type Task } from './task.ts';

export interface TrainOptions {
  readonly device: Device;
  /** Trained in place: device.read brings its variables back. */
  readonly model: Module;
  readonly loader: BatchLoader;
  readonly optimizer: Optimizer;
  /** By step, or one for all. */
  readonly learningRate: Schedule | number;
  /** Passes over the data, 1 or more. */
  readonly epochs: number;
  /** One class an image by default. */
  readonly task?: Task;
  /** Where to begin; it is advanced as the training goes on. A new one by default. */
  readonly state?: TrainingState;
  /** Batches a step, 1 by default: their gradients add up to that of one large batch. */
  readonly accumulate?: number;
  /** A gradient that is longer than this, over all parameters, is shortened to it. Never by default. */
  readonly clipGradNorm?: number;
  /** An average that follows the weights; it is the model that `validate` should measure. None by default. */
  readonly ema?: ModelEma;
  /** Ends the training when `validate`, which it needs, finds nothing better any more. Never by default. */
  readonly earlyStopping?: EarlyStopping;
  /** Steps between log points, 100 by default; the end of an epoch is one too. */
  readonly logEvery?: number;
  /** Measures the layers before the first step and at log points, at most about 40 times in all. Never by default. */
  readonly measureNorms?: () => Promise<LayerNorms>;
  readonly signal?: AbortSignal;
  /**
   * Where to go back to when a number is NaN or infinite. It is renewed here every minute and at the end of each epoch, unless
   * the caller has just done it. A new one by default.
   */
  readonly lastGood?: LastGood;
  /** Measures images that are held out, after each epoch. */
  readonly validate?: () => Promise<Validation>;
  readonly onReady?: (ready: Ready) => void | Promise<void>;
  /** As soon as they are measured; the next log point has them, too. */
  readonly onNorms?: (norms: NormsPoint) => void;
  readonly onLog?: (point: LogPoint) => void | Promise<void>;
  readonly onStep?: (progress: StepProgress) => void | Promise<void>;
  readonly onEpoch?: (summary: EpochSummary) => void | Promise<void>;
}

export interface TrainOutcome {
  /** stopped: by the signal, before the end. */
  readonly status: 'finished' | 'stopped';
  /** As given, or the new one. */
  readonly state: TrainingState;
  /** Images trained on by this call. */
  readonly images: number;
  /** Seconds that its steps took, waiting for data included; compilation and validation left out. */
  readonly seconds: number;
}

/**
 * Trains until all epochs are done, early stopping ends it or the signal is aborted.
 *
 * @throws NonFiniteError when the loss or a variable is NaN or infinite; it names the first operation that gave such a number,
 * and its step. The device and the state are then back where all was finite last.
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { loader, epochs, accumulate = 1, earlyStopping, validate, signal } = options;
  const { task = singleLabel(), state = new TrainingState(), logEvery = 100, learningRate } = options;
  for (const [name, value] of Object.entries({ epochs, logEvery, accumulate })) {
    if (!Number.isInteger(value) || value < 1) throw new UsageError(`${name} must be an integer >= 1, found ${value}`);
  }
  if (earlyStopping && !validate) throw new UsageError('early stopping needs images that are held out to validate on');
  const schedule = typeof learningRate === 'number' ? constantLR(learningRate) : learningRate;
  const step = createStep({ ...options, task }, loader, accumulate);
  const { lastGood = new LastGood(options) } = options;
  try {
    return await loop({ ...options, accumulate, logEvery, state, schedule, step, lastGood });
  } catch (error) {
    if (!(error instanceof NonFiniteError) || !lastGood.counters) throw error;
    const until = error.step ?? state.step;
    const replayed = { trained: options, step, loader, accumulate, schedule, lastGood, until, signal };
    const first = await findFirstNonFinite(replayed);
    await lastGood.restore();
    await step.reset();
    Object.assign(state, new TrainingState(lastGood.counters));
    if (!first) throw error;
    const told = { learningRate: schedule(first.step - 1), clipped: options.clipGradNorm !== undefined };
    throw divergence(error, first, { ...told, dataset: loader.dataset });
  }
}

/** Seconds of training that are done again at most to find where a bad number came from. */
const REPLAY_SECONDS = 60;

interface LoopOptions extends TrainOptions {
  readonly accumulate: number;
  readonly logEvery: number;
  readonly state: TrainingState;
  readonly schedule: Schedule;
  readonly step: Step;
  readonly lastGood: LastGood;
}

async function loop(options: LoopOptions): Promise<TrainOutcome> {
  const { loader, epochs, accumulate, earlyStopping, signal, logEvery, state, schedule, step, lastGood } = options;
  const { validate, measureNorms, onReady, onNorms, onLog, onStep, onEpoch } = options;
  const imagesPerStep = loader.batchSize * accumulate;
  const batches = Math.ceil(loader.batchesPerEpoch / accumulate);
  const steps = epochs * batches;
  const [run, epochWork, window, recent] = [new Work(), new Work(), new Work(), new RecentSpeed()];
  const breathe = createBreathing();
  /** Of the step that has just been done, or is `ahead` of it. */
  const place = (ahead = 0) => {
    const [batch, step] = [state.batch + ahead, state.step + ahead];
    return { epoch: state.epoch + 1, epochs, batch, batches, step, learningRate: schedule(step - 1) };
  };
  const measure = async () => {
    if (!measureNorms) return;
    const norms = { step: state.step, ...(await measureNorms()) };
    state.norms = [...state.norms, norms];
    onNorms?.(norms);
  };
  const normsAreDue = normsSchedule({ epochs, batches, logEvery });
  const log = async (validation?: Validation) => {
    const { gradientNorm } = state;
    const { loss, accuracy } = state.windowMean;
    if (normsAreDue(place())) await measure();
    const norms = state.norms.length > 0 ? state.norms : undefined;
    const { imagesPerSecond } = window;
    const point = { ...place(), loss, accuracy, imagesPerSecond, gradientNorm, norms, validation };
    state.norms = [];
    state.windowMean.reset();
    window.reset();
    state.logPoints++;
    await onLog?.(point);
  };
  const isOver = () => state.epoch >= epochs || (earlyStopping?.isOver(state.epoch, state.best) ?? false);

  await lastGood.take(state);
  const workspaceBytes = await step.compile(Math.min(loader.batchSize, loader.dataset.length));
  await onReady?.({ steps, workspaceBytes });
  if (state.step === 0 && state.norms.length === 0) await measure();
  while (!isOver() && !signal?.aborted) {
    const epoch = state.epoch + 1;
    let begin = performance.now();
    const from = { epoch: state.epoch, step: state.batch, accumulate };
    for await (const { batch, share, last } of batchesOf(loader, from)) {
      if (!step.isCompiled(batch.size)) {
        await step.compile(batch.size);
        begin = performance.now();
      }
      const next = place(1);
      const result = await step.run(batch, { ...next, share, last });
      if (!Number.isFinite(result.loss)) throw badLoss(result.loss, next);
      state.epochMean.add(result.loss, result.correct, batch.size);
      state.windowMean.add(result.loss, result.correct, batch.size);

      const seconds = (performance.now() - begin) / 1000;
      for (const work of [run, epochWork, window, recent]) work.add(batch.size, seconds);
      state.images += batch.size;
      state.seconds += seconds;
      await breathe();
      begin = performance.now();
      if (!last) continue;
      state.step++;
      state.batch++;
      state.gradientNorm = result.gradientNorm;
      if (state.batch % logEvery === 0 && state.batch < batches) await log();
      if (onStep) {
        const { loss, accuracy } = state.epochMean;
        const { imagesPerSecond } = recent;
        const secondsLeft = ((steps - state.step) * imagesPerStep) / imagesPerSecond;
        await onStep({ ...place(), steps, loss, accuracy, imagesPerSecond, secondsLeft });
      }
      if (signal?.aborted) break;
      if (lastGood.seconds >= REPLAY_SECONDS) await lastGood.take(state);
      begin = performance.now();
    }
    // An epoch whose validation is outstanding is not over: a resumed training does it before all else.
    if (state.batch < batches || (validate && signal?.aborted)) break;

    const validation = await validate?.();
    const measured = validation && { loss: validation.loss, accuracy: validation.accuracy };
    await log(measured);
    if (earlyStopping && measured) state.best = await earlyStopping.observe({ epoch, ...measured }, state.best);
    const { loss, accuracy } = state.epochMean;
    const { seconds, imagesPerSecond } = epochWork;
    state.epoch++;
    state.batch = 0;
    state.epochMean.reset();
    epochWork.reset();
    await onEpoch?.({ epoch, epochs, step: state.step, loss, accuracy, seconds, imagesPerSecond, validation });
    if (lastGood.counters?.step !== state.step) await lastGood.take(state);
  }
  // Whoever stopped it will want to save it.
  if (lastGood.counters?.step !== state.step) await lastGood.take(state);
  return { status: isOver() ? 'finished' : 'stopped', state, images: run.images, seconds: run.seconds };
}

/** Of a training: its layers say more when they are seen often, but each time costs about as much as a step. */
const MOST_NORMS = 40;
const STEPS_BETWEEN_NORMS = 50;

/** At which log points the layers are measured: every so many, and at the last. */
function normsSchedule({ epochs, batches, logEvery }: { epochs: number; batches: number; logEvery: number }) {
  const each = Math.ceil(batches / logEvery);
  const every = Math.max(Math.ceil((epochs * each) / MOST_NORMS), Math.ceil(STEPS_BETWEEN_NORMS / logEvery));
  return ({ epoch, batch }: Place) => {
    const point = (epoch - 1) * each + Math.ceil(batch / logEvery);
    return point % every === 0 || point === epochs * each;
  };
}

function badLoss(loss: number, { epoch, batch, batches, step, learningRate }: Place): NonFiniteError {
  const place = `step ${step} (epoch ${epoch}, batch ${batch} of ${batches}, learning rate ${Number(learningRate.toPrecision(3))})`;
  return new NonFiniteError(`the loss became ${loss} in ${place}`, {
    hint: 'Training has diverged: lower the learning rate or warm it up, and look for images or labels that are wrong.',
    step,
  });
}
