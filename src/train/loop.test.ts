// The training loop: what it learns, what it tells, where it stops, and that a broken-off training goes on to the same
// bits as one that was not.

import { describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { adamw, hashOf, loader, schedule, setUp, stopAfter } from '../../test/tiny-training.ts';
import { ArrayDataset, type BatchLoader, DataLoader } from '../data/index.ts';
import { Variable } from '../tensor/index.ts';
import { readCheckpoint, restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { Evaluator, evaluate } from './evaluate.ts';
import { train } from './loop.ts';
import type { OptimizerConfig } from './optimizers/index.ts';
import type { EpochSummary, LogPoint, Ready, StepProgress } from './progress.ts';
import { multiLabel, singleLabel } from './task.ts';

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
    const expected = await hashOf(device, whole.model);

    for (const stop of stops) {
      const log: LogPoint[] = [];
      const onLog = (point: LogPoint) => void log.push(point);
      const first = setUp(device, config);
      const { status, state } = await train({ ...first, ...stopAfter(stop, first), logEvery: 2, onLog });
      expect([status, state.step]).toEqual(['stopped', stop]);
      const checkpoint = await saveCheckpoint(first, state);

      const second = setUp(device, config);
      const restored = await restoreCheckpoint(await readCheckpoint(checkpoint, 'checkpoint'), second);
      expect(restored.toJSON()).toEqual(state.toJSON());
      await train({ ...second, ...stopAfter(0, second), state: restored, logEvery: 2, onLog });

      expect(await hashOf(device, second.model)).toBe(expected);
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

  it('trains several labels an image', async () => {
    const device = await create();
    const { model, optimizer } = setUp(device);
    // Labels: is it class a? is it not class c? is it an image at all?
    const { images, imageShape, labels: single } = tinyDataset(48);
    const labels = Uint8Array.from([...single].flatMap((label) => [Number(label === 0), Number(label !== 2), 1]));
    const classes = ['a', 'b', 'c'];
    const dataset = new ArrayDataset({ name: 'several', classes, imageShape, images, labels, multiLabel: true });
    const training = new DataLoader(dataset, { batchSize: 12, shuffle: true });
    const task = multiLabel();
    await train({ device, model, optimizer, task, loader: training, epochs: 8, learningRate: 0.03 });
    const result = await evaluate({ device, model, task, loader: training });
    expect(result).toMatchObject({ top5: null, confusion: null, ece: null });
    expect(result.accuracy).toBeGreaterThan(0.95);
    expect(result.perClass[2]).toMatchObject({ name: 'c', images: 48, recall: 1 });
    await device.close();
  });
});

describe('a batch of mixed images', () => {
  it("has the loss of both classes, in their proportion: PyTorch's cross entropy with soft targets", async () => {
    // torch.nn.functional.cross_entropy(torch.tensor([[1., 2., 0.5], [0., -1., 3.]]),
    //   torch.tensor([[0.7, 0.3, 0.], [0.3, 0., 0.7]])) = 1.0651; with label_smoothing=0.1 it is 1.1435
    const device = await devices[0].create();
    const logits = new Variable([2, 3], Float32Array.of(1, 2, 0.5, 0, -1, 3));
    for (const [labelSmoothing, expected] of [
      [0, 1.065126],
      [0.1, 1.143459],
    ]) {
      const task = singleLabel({ labelSmoothing, mixed: true });
      const loss = task.trainingLoss(logits, task.targets(2, 3));
      const program = await device.compile({ outputs: { loss } });
      const feeds = { targets: Int32Array.of(0, 2), partners: Int32Array.of(1, 0), ownShare: Float32Array.of(0.7) };
      expect((await program.run(feeds)).loss[0]).toBeCloseTo(expected, 4);
    }
    await device.close();
  });

  it('trains on every device, alone and accumulated', async () => {
    for (const { create } of devices) {
      const device = await create();
      for (const accumulate of [1, 2]) {
        const training = new DataLoader(tinyDataset(48), {
          batchSize: 12,
          shuffle: true,
          mix: { mixup: 0.2, cutmix: 1 },
        });
        const task = singleLabel({ mixed: true });
        const { model, optimizer } = setUp(device);
        const options = { device, model, optimizer, task, accumulate };
        await train({ ...options, loader: training, epochs: 8, learningRate: 0.03 });
        const { accuracy } = await evaluate({
          device,
          model,
          task,
          loader: new DataLoader(tinyDataset(48), { batchSize: 48 }),
        });
        expect(accuracy).toBeGreaterThan(0.9);
      }
      await device.close();
    }
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
