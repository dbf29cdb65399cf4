// The training loop: what it learns, what it tells, where it stops, and that a broken-off training goes on to the same
// bits as one that was not.

import { describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { type BatchLoader, compose, DataLoader, randomCrop, toTensor } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import type { Module } from '../nn/index.ts';
import { restoreCheckpoint, saveCheckpoint, type Trained } from './checkpoint.ts';
import { Evaluator, evaluate } from './evaluate.ts';
import { type TrainOptions, train } from './loop.ts';
import { createOptimizer, type OptimizerConfig } from './optimizers/index.ts';
import type { EpochSummary, LogPoint, Ready, StepProgress } from './progress.ts';
import { oneCycleLR } from './schedules/index.ts';
import { TrainingState } from './state.ts';
import { multiLabel } from './task.ts';
import { weightsHash } from './weights-hash.ts';

/** 22 images in batches of 8: three steps an epoch, the last on 6 images. */
const loader = () =>
  new DataLoader(tinyDataset(22), {
    batchSize: 8,
    shuffle: true,
    seed: 5,
    transform: compose([randomCrop(8, { padding: 1 }), toTensor()]),
  });
const schedule = oneCycleLR({ maxLearningRate: 0.02, steps: 6 });
const adamw: OptimizerConfig = { name: 'adamw', weightDecay: 0.01, decayNormAndBias: false };

function setUp(device: Device, config: OptimizerConfig = adamw) {
  const model = tinyModel();
  const optimizer = createOptimizer(config, model.parameters());
  return { device, model, optimizer, loader: loader(), learningRate: schedule, epochs: 2 };
}

async function hash(device: Device, model: Module): Promise<string> {
  for (const variable of model.stateDict().values()) await device.read(variable);
  return weightsHash(model);
}

/** Ends the training after so many steps; never for 0. */
function stopAfter(steps: number, { device, model, optimizer }: Trained): Pick<TrainOptions, 'signal' | 'onStep'> {
  const controller = new AbortController();
  const variables = [...model.namedState().values(), ...optimizer.state().values()];
  const onStep = async ({ step }: StepProgress) => {
    // The reference device keeps float64 from step to step, a checkpoint float32: here every step ends in float32.
    for (const variable of variables) await device.write(variable, await device.read(variable));
    if (step === steps) controller.abort();
  };
  return { signal: controller.signal, onStep };
}

describe.each(devices)('training on $name', ({ create }) => {
  it('learns to tell squares apart', async () => {
    const device = await create();
    const training = new DataLoader(tinyDataset(60), { batchSize: 12, shuffle: true });
    const { model, optimizer } = setUp(device);
    const before = await evaluate({ device, model, loader: training });
    await train({ device, model, optimizer, loader: training, epochs: 6, learningRate: 0.02 });
    const after = await evaluate({ device, model, loader: new DataLoader(tinyDataset(40, 1), { batchSize: 16 }) });
    expect(before.accuracy).toBeLessThan(0.7);
    expect(after.accuracy).toBeGreaterThan(0.95);
    expect(after.images).toBe(40);
    await device.close();
  });

  it('is seen by an evaluation that was compiled before it', async () => {
    const device = await create();
    const options = setUp(device);
    const early = new Evaluator(options);
    const images = new DataLoader(tinyDataset(22), { batchSize: 22 });
    const untrained = await early.run(images);
    await train(options);
    const { loss } = await early.run(images);
    expect(loss).toBe((await evaluate({ ...options, loader: images })).loss);
    expect(loss).not.toBe(untrained.loss);
    await device.close();
  });

  it('tells every step, log point and epoch', async () => {
    const device = await create();
    const ready: Ready[] = [];
    const steps: StepProgress[] = [];
    const log: LogPoint[] = [];
    const epochs: EpochSummary[] = [];
    const outcome = await train({
      ...setUp(device),
      logEvery: 2,
      validate: async () => ({ loss: 0.5, accuracy: 0.75 }),
      onReady: (event) => void ready.push(event),
      onStep: (event) => void steps.push(event),
      onLog: (event) => void log.push(event),
      onEpoch: (event) => void epochs.push(event),
    });

    expect(outcome).toMatchObject({ status: 'finished', images: 44 });
    expect(ready).toEqual([{ steps: 6, workspaceBytes: expect.any(Number) }]);
    expect(steps.map(({ epoch, batch, step }) => [epoch, batch, step])).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [1, 3, 3],
      [2, 1, 4],
      [2, 2, 5],
      [2, 3, 6],
    ]);
    expect(steps.map(({ learningRate }) => learningRate)).toEqual([0, 1, 2, 3, 4, 5].map(schedule));
    expect(steps.at(-1)!.secondsLeft).toBe(0);
    expect(log.map(({ step }) => step)).toEqual([2, 3, 5, 6]);
    expect(log.map(({ validation }) => validation?.accuracy)).toEqual([undefined, 0.75, undefined, 0.75]);
    // Means over images: an epoch's is that of its two log points, of 16 and 6 images.
    expect(epochs.map(({ step }) => step)).toEqual([3, 6]);
    for (const [i, { loss, accuracy }] of epochs.entries()) {
      const [first, second] = log.slice(2 * i, 2 * i + 2);
      expect(loss).toBeCloseTo((16 * first.loss + 6 * second.loss) / 22, 12);
      expect(accuracy).toBeCloseTo((16 * first.accuracy + 6 * second.accuracy) / 22, 12);
    }
    await device.close();
  });

  const stops: [number[], OptimizerConfig][] = [
    [[1, 2, 3, 4, 5], adamw],
    [[1], { name: 'sgd', momentum: 0.9, dampening: 0.1 }],
    [[4], { name: 'adam' }],
  ];
  it.each(stops)('goes on to the same bits after a stop at step %j, with %j', async (stops, config) => {
    const device = await create();
    const whole = setUp(device, config);
    const wholeLog: LogPoint[] = [];
    await train({ ...whole, ...stopAfter(0, whole), logEvery: 2, onLog: (point) => void wholeLog.push(point) });
    const expected = await hash(device, whole.model);

    for (const stop of stops) {
      const log: LogPoint[] = [];
      const onLog = (point: LogPoint) => void log.push(point);
      const first = setUp(device, config);
      const { status, state } = await train({ ...first, ...stopAfter(stop, first), logEvery: 2, onLog });
      expect([status, state.step]).toEqual(['stopped', stop]);
      const checkpoint = await saveCheckpoint(first, state);

      const second = setUp(device, config);
      const restored = await restoreCheckpoint(checkpoint, 'checkpoint', second);
      expect(restored.toJSON()).toEqual(state.toJSON());
      await train({ ...second, ...stopAfter(0, second), state: restored, logEvery: 2, onLog });

      expect(await hash(device, second.model)).toBe(expected);
      expect(log.map(({ step, loss, accuracy }) => ({ step, loss, accuracy }))).toEqual(
        wholeLog.map(({ step, loss, accuracy }) => ({ step, loss, accuracy })),
      );
    }
    await device.close();
  });

  it('does nothing when the signal is aborted before it begins', async () => {
    const device = await create();
    const outcome = await train({ ...setUp(device), signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ status: 'stopped', images: 0, state: { step: 0 } });
    await device.close();
  });

  it('stops when the loss is no number any more, and names the step', async () => {
    const device = await create();
    const rising = train({ ...setUp(device, { name: 'sgd' }), learningRate: 1e30 });
    await expect(rising).rejects.toThrow(/loss became (NaN|Infinity) in step 2 \(epoch 1, batch 2 of 3, .* 1e\+30\)/);
    await device.close();
  });

  it('trains several labels an image, given by the place of the image in the data set', async () => {
    const device = await create();
    const { model, optimizer } = setUp(device);
    const training = new DataLoader(tinyDataset(48), { batchSize: 12, shuffle: true });
    // Labels: is it class a? is it not class c? is it an image at all?
    const labelsOf = (index: number) => {
      const { label } = training.dataset.get(index);
      return [Number(label === 0), Number(label !== 2), 1];
    };
    const task = multiLabel({ labelsOf });
    await train({ device, model, optimizer, task, loader: training, epochs: 8, learningRate: 0.03 });
    const result = await evaluate({ device, model, task, loader: training });
    expect(result).toMatchObject({ top5: null, confusion: null, ece: null });
    expect(result.accuracy).toBeGreaterThan(0.95);
    expect(result.perClass[2]).toMatchObject({ name: 'c', images: 48, recall: 1 });
    await device.close();
  });
});

describe('an evaluation', () => {
  it('does not depend on the batch size, and leaves the model in its mode', async () => {
    const device = await devices[0].create();
    const model = tinyModel();
    const run = (batchSize: number) =>
      evaluate({ device, model, loader: new DataLoader(tinyDataset(22), { batchSize }) });
    const [a, b] = [await run(22), await run(5)];
    expect(b.confusion).toEqual(a.confusion);
    expect(b.loss).toBeCloseTo(a.loss, 6);
    expect(model.training).toBe(true);
    await device.close();
  });

  it('ends with the reason of the signal', async () => {
    const device = await devices[0].create();
    const options = { device, model: tinyModel(), loader: loader(), signal: AbortSignal.abort(new Error('enough')) };
    await expect(evaluate(options)).rejects.toThrow('enough');
    await device.close();
  });

  it('refuses weights that give no numbers, and models with another number of outputs', async () => {
    const device = await devices[0].create();
    const model = tinyModel();
    model.stateDict().get('fc.bias')!.value.fill(Number.NaN);
    await expect(evaluate({ device, model, loader: loader() })).rejects.toThrow('loss is not a number');
    const four: BatchLoader = loader();
    Object.defineProperty(four, 'dataset', { value: { ...four.dataset, name: 'x', classes: ['a', 'b', 'c', 'd'] } });
    await expect(evaluate({ device, model: tinyModel(), loader: four })).rejects.toThrow('[8, 3], but x has 4 classes');
    await device.close();
  });
});

describe('a checkpoint', () => {
  it('fits only the model and the optimizer that it was made of, and changes nothing else', async () => {
    const device = await devices[0].create();
    const bytes = await saveCheckpoint(setUp(device), new TrainingState());
    const other = setUp(device, { name: 'sgd' });
    const before = await hash(device, other.model);
    await expect(restoreCheckpoint(bytes, 'c', other)).rejects.toThrow('it has optimizer.0.exp_avg, the run has not');
    const sgd = await saveCheckpoint(setUp(device, { name: 'sgd' }), new TrainingState());
    await expect(restoreCheckpoint(sgd, 'c', setUp(device))).rejects.toThrow('it has no optimizer.0.exp_avg');
    expect(await hash(device, other.model)).toBe(before);
    await device.close();
  });
});
