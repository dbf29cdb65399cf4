// Layers that behave differently in training and evaluation, or carry effects. Their numbers are PyTorch's business: see
// test/golden.

import { describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { Input, type Tensor } from '../tensor/index.ts';
import { randomStream } from '../tensor/random.ts';
import * as nn from './index.ts';

const random = () => randomStream({ seed: 0, purpose: 'initialise' });
const tensor = (...shape: number[]) => new Input('x', shape);

describe('batch norm', () => {
  it('learns running statistics in training and uses them in evaluation', async () => {
    const norm = new nn.BatchNorm1d(1, { momentum: 0.5 });
    const device = createReferenceDevice();
    const train = await device.compile({ outputs: { y: norm.forward(tensor(2, 1)) } });
    const { y } = await train.run({ x: Float32Array.of(1, 5) });
    expect([...y]).toEqual([-1, 1].map((sign) => Math.fround((sign * 2) / Math.sqrt(4 + 1e-5))));
    // The batch has mean 3 and unbiased variance 8.
    expect([...(await device.read(norm.runningMean))]).toEqual([1.5]);
    expect([...(await device.read(norm.runningVariance))]).toEqual([4.5]);

    const evaluate = await device.compile({ outputs: { y: norm.eval().forward(tensor(2, 1)) } });
    const result = await evaluate.run({ x: Float32Array.of(1.5, 3) });
    expect([...result.y]).toEqual([0, Math.fround(1.5 / Math.sqrt(4.5 + 1e-5))]);
    expect([...(await device.read(norm.batchesTracked))]).toEqual([1]);
  });

  it('refuses to train on one value a channel, as PyTorch does', () => {
    expect(() => new nn.BatchNorm1d(3).forward(tensor(1, 3))).toThrow('more than one value a channel');
    expect(() => new nn.BatchNorm2d(3).forward(tensor(2, 3))).toThrow('the input must be [N, C, H, W]');
    expect(new nn.BatchNorm1d(3).eval().forward(tensor(1, 3)).shape).toEqual([1, 3]);
  });
});

describe('dropout', () => {
  it('draws another mask in every run, and the same ones after its step is restored', async () => {
    const layer = new nn.Dropout(0.5, { random: random() });
    const device = createReferenceDevice();
    const program = await device.compile({ outputs: { y: layer.forward(tensor(8, 8)) } });
    const run = async () => [...(await program.run({ x: new Float32Array(64).fill(1) })).y];
    const masks = [await run(), await run()];
    expect(masks[0]).not.toEqual(masks[1]);
    expect(new Set(masks.flat())).toEqual(new Set([0, 2]));
    expect([...(await device.read(layer.step))]).toEqual([2]);
    await device.write(layer.step, Int32Array.of(0));
    expect([await run(), await run()]).toEqual(masks);
  });

  it('differs from layer to layer', async () => {
    const stream = random();
    const device = createReferenceDevice();
    const [a, b] = [0, 1].map(() => new nn.Dropout(0.5, { random: stream }).forward(tensor(8, 8)));
    const x = new Float32Array(64).fill(1);
    const results = [];
    for (const y of [a, b]) results.push([...(await (await device.compile({ outputs: { y } })).run({ x })).y]);
    expect(results[0]).not.toEqual(results[1]);
  });

  it('is the identity in evaluation and for probability 0', () => {
    const x = tensor(2, 3);
    expect(new nn.Dropout(0.5, { random: random() }).eval().forward(x)).toBe(x);
    expect(new nn.Dropout(0, { random: random() }).forward(x)).toBe(x);
    expect(() => new nn.Dropout(1, { random: random() })).toThrow('must be in [0, 1), found 1');
  });
});

describe('layers that pass on', () => {
  it.each<[nn.Module, number[], number[]]>([
    [new nn.MaxPool2d(2), [2, 3, 8, 6], [2, 3, 4, 3]],
    [new nn.AvgPool2d(3, { stride: 2, padding: 1 }), [2, 3, 8, 6], [2, 3, 4, 3]],
    [new nn.GlobalAvgPool2d(), [2, 3, 8, 6], [2, 3, 1, 1]],
    [new nn.Flatten(), [2, 3, 8, 6], [2, 144]],
    [new nn.Identity(), [2, 3], [2, 3]],
    [new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2, { random: random(), bias: false })), [5, 2, 2], [5, 2]],
  ])('%o', (layer, input, output) => {
    expect(layer.forward(tensor(...input)).shape).toEqual(output);
  });

  it('activations are found by name', async () => {
    const expected: Record<string, number> = {
      relu: 1,
      sigmoid: 0.7310586,
      tanh: 0.7615942,
      gelu: 0.8413447,
      silu: 0.7310586,
    };
    expect([...nn.activationNames].sort()).toEqual(Object.keys(expected).sort());
    for (const name of nn.activationNames) {
      const y: Tensor = nn.createActivation(name).forward(tensor(1));
      const program = await createReferenceDevice().compile({ outputs: { y } });
      expect((await program.run({ x: Float32Array.of(1) })).y[0], name).toBeCloseTo(expected[name], 6);
    }
  });
});

describe('convolution layer in groups', () => {
  it('has a weight for the channels of one group, as PyTorch has', () => {
    const layer = new nn.Conv2d(6, 4, { kernelSize: 3, groups: 2, random: random() });
    expect(layer.weight.shape).toEqual([4, 3, 3, 3]);
    expect(layer.forward(tensor(1, 6, 5, 5)).shape).toEqual([1, 4, 3, 3]);
  });

  it('says which channels can not be dealt out', () => {
    expect(() => new nn.Conv2d(6, 4, { kernelSize: 3, groups: 4, random: random() })).toThrow(/6 -> 4 .* 4 groups/);
    const layer = new nn.Conv2d(6, 4, { kernelSize: 3, groups: 2, random: random() });
    expect(() => layer.forward(tensor(1, 3, 5, 5))).toThrow(/3 channels but the weight expects 2 groups of 3/);
  });
});
