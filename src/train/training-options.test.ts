// What a training may do besides the plain loop: average the weights, clip gradients, accumulate batches, stop early, leave
// stages frozen. That the numbers are PyTorch's is test/golden/train10-clip-ema.test.ts's matter; this is about the rest.

import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/compare.ts';
import { devices } from '../../test/devices.ts';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { adamw, hashOf, loader, setUp, stopAfter } from '../../test/tiny-training.ts';
import { DataLoader } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import { createModel } from '../models/index.ts';
import { readCheckpoint, restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { EarlyStopping } from './early-stopping.ts';
import { ModelEma } from './ema.ts';
import { Evaluator } from './evaluate.ts';
import { train } from './loop.ts';
import { createOptimizer } from './optimizers/index.ts';
import type { EpochSummary, LogPoint, Validation } from './progress.ts';

/** With all that has state: 22 images in steps of 8, the last on 6; an average, clipping, the best of the epochs. */
function setUpAll(device: Device) {
  const base = setUp(device);
  const training = new DataLoader(tinyDataset(22), { batchSize: 4, shuffle: true, seed: 5 });
  const ema = new ModelEma(base.model, tinyModel(1), { decay: 0.9, warmUp: true });
  const earlyStopping = new EarlyStopping({ device, model: ema.model, patience: 3 });
  const evaluator = new Evaluator({ device, model: ema.model });
  const validate = () => evaluator.run(new DataLoader(tinyDataset(12, 1), { batchSize: 12 }));
  return { ...base, loader: training, accumulate: 2, clipGradNorm: 1, ema, earlyStopping, validate };
}

describe.each(devices)('training on $name', ({ create }) => {
  it('goes on to the same bits with averaged weights, clipping, accumulation and early stopping', async () => {
    const device = await create();
    const whole = setUpAll(device);
    const wholeLog: LogPoint[] = [];
    const { state: wholeState } = await train({
      ...whole,
      ...stopAfter(0, whole),
      onLog: (point) => void wholeLog.push(point),
    });
    await whole.earlyStopping.restore();
    const expected = [await hashOf(device, whole.model), await hashOf(device, whole.ema.model)];
    expect(wholeLog.every(({ gradientNorm }) => gradientNorm! > 0)).toBe(true);

    for (const stop of [1, 3]) {
      const log: LogPoint[] = [];
      const onLog = (point: LogPoint) => void log.push(point);
      const first = setUpAll(device);
      const { status, state } = await train({ ...first, ...stopAfter(stop, first), onLog });
      // At the end of an epoch the validation is what comes first after the resume.
      expect([status, state.step, state.batch]).toEqual(['stopped', stop, stop % 3 || 3]);
      const checkpoint = await saveCheckpoint(first, state);

      const second = setUpAll(device);
      const restored = await restoreCheckpoint(await readCheckpoint(checkpoint, 'checkpoint'), second);
      expect(restored.toJSON()).toEqual(state.toJSON());
      await train({ ...second, ...stopAfter(0, second), state: restored, onLog });
      await second.earlyStopping.restore();
      expect([await hashOf(device, second.model), await hashOf(device, second.ema.model)]).toEqual(expected);
      expect(restored.best).toEqual(wholeState.best);
      const told = ({ imagesPerSecond: _, ...point }: LogPoint) => point;
      expect(log.map(told)).toEqual(wholeLog.map(told));
    }
    await device.close();
  });

  it('comes to the same with one large batch and with the sum of small ones, where no batch norm sees the difference', async () => {
    const device = await create();
    const options = { classes: 3, inChannels: 1, imageSize: 8, layers: [1, 1, 1], widths: [4, 4, 8] } as const;
    const run = async (batchSize: number, accumulate: number) => {
      const model = createModel('article-resnet', { ...options, normalise: false, seed: 0 });
      const optimizer = createOptimizer({ name: 'sgd', momentum: 0.9, nesterov: true }, model.parameters());
      const training = new DataLoader(tinyDataset(22), { batchSize, shuffle: true });
      const losses: number[] = [];
      const onEpoch = ({ loss }: EpochSummary) => void losses.push(loss);
      const common = { device, model, optimizer, loader: training, learningRate: 0.1, epochs: 2, onEpoch };
      const { state, images } = await train({ ...common, accumulate, clipGradNorm: 0.5 });
      expect([state.step, images]).toEqual([6, 44]);
      const weights: number[] = [];
      for (const variable of model.parameters()) weights.push(...(await device.read(variable)));
      return { losses, weights };
    };
    const [large, small] = [await run(8, 1), await run(2, 4)];
    expect(relativeError(small.weights, large.weights)).toBeLessThan(1e-5);
    expect(relativeError(small.losses, large.losses)).toBeLessThan(1e-5);
    await device.close();
  });

  it('leaves frozen stages as they are, with their running statistics, and trains the others', async () => {
    const device = await create();
    const model = tinyModel();
    const frozen = ['conv', 'bn', 'layer1'];
    for (const name of frozen) model.namedModules().get(name)!.freeze();
    const optimizer = createOptimizer(adamw, model.trainableParameters());
    const ema = new ModelEma(model, tinyModel(1), { decay: 0.9, warmUp: false });
    const before = new Map([...model.stateDict()].map(([name, { value }]) => [name, value.slice()]));
    await train({ device, model, optimizer, ema, loader: loader(), learningRate: 0.02, epochs: 1 });
    for (const state of [model.stateDict(), ema.model.stateDict()]) {
      for (const [name, variable] of state) {
        const isFrozen = frozen.includes(name.split('.')[0]);
        const same = relativeError(await device.read(variable), before.get(name)!) === 0;
        expect(same, name).toBe(isFrozen);
      }
    }
    await device.close();
  });
});

describe('early stopping', () => {
  /** Trains with these results of the validation; the accuracy counts, and then the loss. */
  async function trainWith(results: readonly (readonly [accuracy: number, loss: number])[], patience: number) {
    const device = await devices[0].create();
    const options = setUp(device);
    const earlyStopping = new EarlyStopping({ device, model: options.model, patience });
    const hashes: string[] = [];
    const validate = async (): Promise<Validation> => {
      hashes.push(await hashOf(device, options.model));
      const [accuracy, loss] = results[hashes.length - 1];
      return { accuracy, loss };
    };
    const { status, state } = await train({ ...options, epochs: results.length, validate, earlyStopping });
    await earlyStopping.restore();
    const restored = hashes.indexOf(await hashOf(device, options.model)) + 1;
    await device.close();
    return { status, epochs: state.epoch, best: state.best?.epoch, restored };
  }

  it('ends after the patience, and goes back to the best weights', async () => {
    const found = await trainWith([[0.5, 1], [0.7, 1], [0.7, 1], [0.6, 0.5], [0.9, 0.1]], 2); // biome-ignore format: a row an epoch
    expect(found).toEqual({ status: 'finished', epochs: 4, best: 2, restored: 2 });
  });

  it('begins to count again with each better epoch: a lower loss at the same accuracy is better', async () => {
    const found = await trainWith([[0.5, 1], [0.4, 1], [0.5, 0.9], [0.4, 1], [0.6, 1]], 2); // biome-ignore format: a row an epoch
    expect(found).toEqual({ status: 'finished', epochs: 5, best: 5, restored: 5 });
  });

  it('needs a validation', async () => {
    const device = await devices[0].create();
    const options = setUp(device);
    const earlyStopping = new EarlyStopping({ device, model: options.model, patience: 1 });
    await expect(train({ ...options, earlyStopping })).rejects.toThrow('needs images that are held out');
    await device.close();
  });
});
