// The training loop, on any platform: takes batches from a loader, runs the step's program on each, and tells how it goes.
// It owns no files and prints nothing. Where it stands is a TrainingState, so it can begin in the middle of an epoch; an
// AbortSignal ends it after the step under way.

import type { BatchLoader } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import { ResiduaError, UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { createBreathing } from './breathe.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { EpochSummary, LogPoint, Place, Ready, StepProgress, Validation } from './progress.ts';
import { constantLR, type Schedule } from './schedules/index.ts';
import { RecentSpeed, Work } from './speed.ts';
import { TrainingState } from './state.ts';
import { TrainingStep } from './step.ts';
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
  /** Steps between log points, 100 by default; the end of an epoch is one too. */
  readonly logEvery?: number;
  readonly signal?: AbortSignal;
  /** Measures images that are held out, after each epoch. */
  readonly validate?: () => Promise<Validation>;
  readonly onReady?: (ready: Ready) => void | Promise<void>;
  readonly onLog?: (point: LogPoint) => void | Promise<void>;
  readonly onStep?: (progress: StepProgress) => void | Promise<void>;
  readonly onEpoch?: (summary: EpochSummary) => void | Promise<void>;
}

export interface TrainOutcome {
  /** stopped: by the signal, before the last step. */
  readonly status: 'finished' | 'stopped';
  /** As given, or the new one. */
  readonly state: TrainingState;
  /** Images trained on by this call. */
  readonly images: number;
  /** Seconds that its steps took, waiting for data included; compilation and validation left out. */
  readonly seconds: number;
}

/**
 * Trains until all epochs are done or the signal is aborted.
 *
 * @throws ResiduaError naming the step when the loss is NaN or infinite
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { device, model, loader, optimizer, epochs, signal, validate, onReady, onLog, onStep, onEpoch } = options;
  const { task = singleLabel(), state = new TrainingState(), logEvery = 100, learningRate } = options;
  if (!Number.isInteger(epochs) || epochs < 1) throw new UsageError(`epochs must be an integer >= 1, found ${epochs}`);
  if (!Number.isInteger(logEvery) || logEvery < 1) throw new UsageError(`logEvery must be >= 1, found ${logEvery}`);
  const schedule = typeof learningRate === 'number' ? constantLR(learningRate) : learningRate;
  const step = new TrainingStep({ device, model, task, optimizer }, loader);
  const batches = loader.batchesPerEpoch;
  const steps = epochs * batches;
  const [run, epochWork, window, recent] = [new Work(), new Work(), new Work(), new RecentSpeed()];
  const breathe = createBreathing();
  /** Of the step that has just been done. */
  const place = () => {
    const { epoch, batch, step } = state;
    return { epoch: epoch + 1, epochs, batch, batches, step, learningRate: schedule(step - 1) };
  };
  const log = async (validation?: Validation) => {
    const { loss, accuracy } = state.windowMean;
    const point = { ...place(), loss, accuracy, imagesPerSecond: window.imagesPerSecond, validation };
    state.windowMean.reset();
    window.reset();
    await onLog?.(point);
  };

  const { workspaceBytes } = await step.compile(Math.min(loader.batchSize, loader.dataset.length));
  await onReady?.({ steps, workspaceBytes });
  while (state.epoch < epochs && !signal?.aborted) {
    const epoch = state.epoch + 1;
    let begin = performance.now();
    for await (const batch of loader.epoch(state.epoch, { startBatch: state.batch })) {
      if (!step.isCompiled(batch.size)) {
        await step.compile(batch.size);
        begin = performance.now();
      }
      const { loss, correct } = await step.run(batch, state.step + 1, schedule(state.step));
      state.step++;
      state.batch++;
      if (!Number.isFinite(loss)) throw divergence(loss, place());
      state.epochMean.add(loss, correct, batch.size);
      state.windowMean.add(loss, correct, batch.size);

      const seconds = (performance.now() - begin) / 1000;
      for (const work of [run, epochWork, window, recent]) work.add(batch.size, seconds);
      if (state.batch % logEvery === 0 && state.batch < batches) await log();
      if (onStep) {
        const { loss, accuracy } = state.epochMean;
        const { imagesPerSecond } = recent;
        const secondsLeft = ((steps - state.step) * loader.batchSize) / imagesPerSecond;
        await onStep({ ...place(), steps, loss, accuracy, imagesPerSecond, secondsLeft });
      }
      await breathe();
      if (signal?.aborted) break;
      begin = performance.now();
    }
    if (state.batch < batches) break;

    const validation = signal?.aborted ? undefined : await validate?.();
    await log(validation && { loss: validation.loss, accuracy: validation.accuracy });
    const { loss, accuracy } = state.epochMean;
    const { seconds, imagesPerSecond } = epochWork;
    state.epoch++;
    state.batch = 0;
    state.epochMean.reset();
    epochWork.reset();
    await onEpoch?.({ epoch, epochs, step: state.step, loss, accuracy, seconds, imagesPerSecond, validation });
  }
  const status = state.epoch === epochs ? 'finished' : 'stopped';
  return { status, state, images: run.images, seconds: run.seconds };
}

function divergence(loss: number, { epoch, batch, batches, step, learningRate }: Place): ResiduaError {
  const place = `step ${step} (epoch ${epoch}, batch ${batch} of ${batches}, learning rate ${learningRate})`;
  return new ResiduaError(`the loss became ${loss} in ${place}`, {
    hint: 'Training has diverged: lower the learning rate or warm it up, and look for images or labels that are wrong.',
  });
}
