// Convolutions of many shapes, forward and both gradients, against the plain loops of the reference device. The cpu device
// chooses between its kernels by shape; these shapes reach every one of them, with all their remainders.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import type { Device } from '../src/devices/device.ts';
import { createReferenceDevice } from '../src/devices/reference/device.ts';
import { batchNorm, conv2d, gradients, Input, relu, Variable } from '../src/tensor/index.ts';
import { randomStream } from '../src/tensor/random.ts';
import { sizeOf } from '../src/tensor/shape.ts';
import { relativeError } from './compare.ts';

interface Case {
  readonly batch: number;
  readonly channels: readonly [number, number];
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly groups?: number;
}

const random = randomStream({ seed: 3, purpose: 'augment' });
const numbers = (shape: readonly number[]) =>
  Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1);

describe('convolutions on the cpu device', () => {
  let cpu: Device;
  beforeAll(async () => {
    cpu = await createNodeCpuDevice({ threads: 2 });
  });
  afterAll(() => cpu.close());

  async function check({ batch, channels, size, kernel, stride, padding, groups = 1 }: Case): Promise<void> {
    const x = new Input('x', [batch, channels[0], ...size]);
    const weightShape = [channels[1], channels[0] / groups, ...kernel];
    const weight = new Variable(weightShape, numbers(weightShape));
    const y = conv2d(x, weight, { stride, padding, groups });
    const upstream = new Input('upstream', y.shape);
    const [dx, dw] = gradients(y, [x, weight], upstream);
    const graph = { outputs: { y, dx, dw } };
    const feeds = { x: numbers(x.shape), upstream: numbers(y.shape) };
    const found = await (await cpu.compile(graph)).run(feeds);
    const expected = await (await createReferenceDevice().compile(graph)).run(feeds);
    for (const name of ['y', 'dx', 'dw'] as const) {
      expect(relativeError(found[name], expected[name]), name).toBeLessThan(2e-5);
    }
  }

  const square = (kernel: number, stride: number, padding: number) => ({
    kernel: [kernel, kernel] as const,
    stride: [stride, stride] as const,
    padding: [padding, padding] as const,
  });
  const winograd = square(3, 1, 1);

  it.each([
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14].map((extent) => ({
      batch: 2,
      channels: [8, 12] as const,
      size: [extent, extent] as const,
    })),
    { batch: 33, channels: [16, 16], size: [12, 12] },
    { batch: 1, channels: [64, 64], size: [8, 8] },
    { batch: 3, channels: [17, 9], size: [10, 5] },
    { batch: 2, channels: [136, 140], size: [7, 9] },
    { batch: 2, channels: [256, 20], size: [6, 6] },
  ] as const)('3x3, stride 1: $channels at $size, batch $batch', (shape) => check({ ...shape, ...winograd }));

  it.each([
    [0, 0],
    [2, 2],
    [0, 2],
    [2, 1],
  ] as const)('3x3, stride 1, padding %i and %i', (vertical, horizontal) =>
    check({ batch: 2, channels: [12, 8], size: [9, 6], ...winograd, padding: [vertical, horizontal] }),
  );

  it.each([
    { ...square(3, 2, 1), channels: [16, 32], size: [16, 16] },
    { ...square(3, 2, 1), channels: [5, 6], size: [7, 9] },
    { ...square(3, 1, 1), channels: [1, 16], size: [10, 10] },
    { ...square(3, 1, 1), channels: [3, 7], size: [5, 6] },
    { ...square(7, 2, 3), channels: [3, 8], size: [17, 18] },
    { ...square(1, 1, 0), channels: [6, 10], size: [4, 5] },
    { ...square(1, 2, 0), channels: [16, 32], size: [8, 8] },
    { ...square(1, 3, 0), channels: [3, 4], size: [7, 8] },
    { ...square(2, 2, 0), channels: [4, 4], size: [6, 7] },
    { ...square(5, 3, 2), channels: [4, 9], size: [11, 8] },
    { ...square(3, 1, 3), channels: [4, 4], size: [3, 3] },
  ] as const)('$kernel, stride $stride, padding $padding: $channels at $size', (shape) =>
    check({ batch: 2, ...shape }),
  );

  it.each([
    { groups: 32, channels: [128, 128], ...square(3, 1, 1) },
    { groups: 4, channels: [64, 96], ...square(3, 2, 1) },
    { groups: 16, channels: [16, 16], ...square(3, 1, 1) },
    { groups: 7, channels: [7, 14], ...square(5, 2, 2) },
    { groups: 3, channels: [6, 9], ...square(1, 1, 0) },
  ] as const)('in $groups groups: $channels, $kernel, stride $stride', (shape) =>
    check({ batch: 3, size: [9, 8], ...shape }),
  );

  it('in groups, with a batch norm folded into the weights', async () => {
    const x = new Input('x', [2, 6, 5, 7]);
    const weight = new Variable([8, 3, 3, 3], numbers([8, 3, 3, 3]));
    const vector = () => new Variable([8], numbers([8]));
    const variance = new Variable([8], Float32Array.of(1, 2, 0.5, 3, 0.7, 1, 4, 2));
    const y = batchNorm(
      conv2d(x, weight, { padding: 1, groups: 2 }),
      { mean: vector(), variance },
      { weight: vector(), bias: vector() },
    );
    const feeds = { x: numbers(x.shape) };
    const found = await (await cpu.compile({ outputs: { y } })).run(feeds);
    const expected = await (await createReferenceDevice().compile({ outputs: { y } })).run(feeds);
    expect(relativeError(found.y, expected.y)).toBeLessThan(2e-5);
  });

  it('of any shape at all', async () => {
    const pair = (arbitrary: fc.Arbitrary<number>) => fc.tuple(arbitrary, arbitrary);
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      channels: pair(fc.integer({ min: 1, max: 19 })),
      size: pair(fc.integer({ min: 1, max: 12 })),
      kernel: pair(fc.integer({ min: 1, max: 5 })),
      stride: pair(fc.integer({ min: 1, max: 3 })),
      padding: pair(fc.integer({ min: 0, max: 3 })),
      groups: fc.integer({ min: 1, max: 5 }),
    });
    const grouped = shapes.map((shape): Case => {
      const { groups, channels } = shape;
      return { ...shape, channels: [channels[0] * groups, channels[1] * groups] };
    });
    const fits = ({ size, kernel, padding }: Case) => [0, 1].every((i) => size[i] + 2 * padding[i] >= kernel[i]);
    await fc.assert(fc.asyncProperty(grouped.filter(fits), check), { numRuns: 60, seed: 1 });
  });

  it('behind one another leave the halos between them zero', async () => {
    const x = new Input('x', [2, 8, 7, 5]);
    const weights = [3, 5, 3].map((kernel) => new Variable([8, 8, kernel, kernel], numbers([8, 8, kernel, kernel])));
    const layers = weights.reduce((y, weight, i) => relu(conv2d(y, weight, { padding: i === 1 ? 2 : 1 })), relu(x));
    const [gradient] = gradients(layers, [x], new Input('upstream', layers.shape));
    const graph = { outputs: { layers, gradient } };
    const program = await cpu.compile(graph);
    const reference = await createReferenceDevice().compile(graph);
    for (let run = 0; run < 3; run++) {
      const feeds = { x: numbers(x.shape), upstream: numbers(layers.shape) };
      const [found, expected] = [await program.run(feeds), await reference.run(feeds)];
      expect(relativeError(found.layers, expected.layers)).toBeLessThan(2e-5);
      expect(relativeError(found.gradient, expected.gradient)).toBeLessThan(2e-5);
    }
  });
});
