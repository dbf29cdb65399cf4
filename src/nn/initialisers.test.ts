import { describe, expect, it, vi } from 'vitest';
import { randomStream } from '../tensor/random.ts';
import { Conv2d, Linear } from './index.ts';
import { fans, kaimingNormal, kaimingUniform } from './initialisers.ts';

const random = (seed = 0) => randomStream({ seed, purpose: 'initialise' });

function moments(values: ArrayLike<number>) {
  const list = Array.from(values);
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  const variance = list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length;
  return { mean, variance, largest: Math.max(...list.map(Math.abs)) };
}

describe('fans', () => {
  it('count what is added up for one output, and where one input goes', () => {
    expect(fans([10, 64])).toEqual({ fanIn: 64, fanOut: 10 });
    expect(fans([32, 16, 3, 5])).toEqual({ fanIn: 16 * 15, fanOut: 32 * 15 });
    expect(() => fans([3])).toThrow('at least two axes, found [3]');
  });
});

describe('kaimingUniform', () => {
  const shape = [64, 32, 3, 3];

  it("is uniform within PyTorch's default bound 1 / sqrt(fanIn)", () => {
    const bound = 1 / Math.sqrt(32 * 9);
    const { mean, variance, largest } = moments(kaimingUniform(shape, random()));
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(0.999 * bound);
    expect(Math.abs(mean)).toBeLessThan(0.02 * bound);
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  });

  it('has the variance 2 / fanIn for ReLU', () => {
    expect(moments(kaimingUniform(shape, random(), { a: 0 })).variance * (32 * 9)).toBeCloseTo(2, 1);
  });
});

describe('kaimingNormal', () => {
  it.each([
    ['in', 32 * 9],
    ['out', 64 * 9],
  ] as const)('has the variance 2 / fan %s', (mode, fan) => {
    const { mean, variance, largest } = moments(kaimingNormal([64, 32, 3, 3], random(), { mode }));
    expect(variance * fan).toBeCloseTo(2, 1);
    expect(Math.abs(mean)).toBeLessThan(0.02 * Math.sqrt(variance));
    expect(largest).toBeGreaterThan(3 * Math.sqrt(variance));
  });
});

describe('first weights', () => {
  it('are the same for the same seed, and others for another', () => {
    const weights = (seed: number) => new Linear(8, 4, { random: random(seed) }).weight.value;
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  it('of one stream differ from layer to layer', () => {
    const stream = random();
    const [a, b] = [0, 1].map(() => new Conv2d(2, 2, { kernelSize: 3, random: stream }).weight.value);
    expect(a).not.toEqual(b);
  });

  it('are drawn when they are asked for, whatever is drawn before', () => {
    const weights = (order: readonly number[]) => {
      const stream = random();
      const layers = [3, 4, 5].map((channels) => new Conv2d(3, channels, { kernelSize: 3, random: stream }));
      for (const i of order) expect(layers[i].weight.value).toHaveLength(27 * (i + 3));
      return layers.map(({ weight }) => weight.value);
    };
    expect(weights([2, 0, 1])).toEqual(weights([0, 1, 2]));
  });

  it('are not drawn when others are set before', () => {
    const initialise = vi.fn();
    const conv = new Conv2d(1, 2, { kernelSize: 1, bias: false, random: random(), initialise });
    conv.loadStateDict(new Map([['weight', { shape: [2, 1, 1, 1], data: [3, 4] }]]));
    expect([...conv.weight.value]).toEqual([3, 4]);
    expect(initialise).not.toHaveBeenCalled();
  });

  it("have biases within PyTorch's bound 1 / sqrt(fanIn)", () => {
    const { bias } = new Conv2d(4, 256, { kernelSize: 3, random: random() });
    expect(moments(bias!.value).largest).toBeLessThanOrEqual(1 / 6);
    expect(moments(bias!.value).largest).toBeGreaterThan(0.9 / 6);
  });
});
