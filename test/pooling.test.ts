// Pooling of many shapes, with its gradients, against the plain loops of the reference device.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import type { Device } from '../src/devices/device.ts';
import { createReferenceDevice } from '../src/devices/reference/device.ts';
import { avgPool2d, conv2d, gradients, Input, maxPool2d, relu, type Tensor, Variable } from '../src/tensor/index.ts';
import { randomStream } from '../src/tensor/random.ts';
import { sizeOf } from '../src/tensor/shape.ts';
import { relativeError } from './compare.ts';

interface Case {
  readonly batch: number;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

const random = randomStream({ seed: 8, purpose: 'augment' });
const numbers = (shape: readonly number[]) =>
  Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1);

describe('pooling on the cpu device', () => {
  let cpu: Device;
  beforeAll(async () => {
    cpu = await createNodeCpuDevice({ threads: 2 });
  });
  afterAll(() => cpu.close());

  async function check(x: Input, y: Tensor, feeds: Readonly<Record<string, Float32Array>>): Promise<void> {
    const upstream = new Input('upstream', y.shape);
    const [dx] = gradients(y, [x], upstream);
    const graph = { outputs: { y, dx } };
    const given = { ...feeds, upstream: numbers(y.shape) };
    const found = await (await cpu.compile(graph)).run(given);
    const expected = await (await createReferenceDevice().compile(graph)).run(given);
    for (const name of ['y', 'dx'] as const) {
      expect(relativeError(found[name], expected[name]), name).toBeLessThan(2e-6);
    }
  }

  async function checkBoth({ batch, channels, size, kernel, ...window }: Case): Promise<void> {
    for (const pool of [maxPool2d, avgPool2d]) {
      const x = new Input('x', [batch, channels, ...size]);
      // Few different values, so that several pixels of a window have the maximum.
      const values = numbers(x.shape).map((value) => Math.round(value * 3));
      await check(x, pool(x, kernel, window), { x: values });
    }
  }

  it.each([1, 3, 4, 5, 15, 16, 17, 64, 72])('of %i channels', async (channels) => {
    await checkBoth({ batch: 2, channels, size: [9, 8], kernel: [3, 3], stride: [2, 2], padding: [1, 1] });
  });

  it('of any shape at all', async () => {
    const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      channels: fc.integer({ min: 1, max: 20 }),
      size: pair(1, 10),
      kernel: pair(1, 5),
      stride: pair(1, 4),
      padding: pair(0, 2),
    });
    const fits = ({ size, kernel, padding }: Case) =>
      [0, 1].every((i) => size[i] + 2 * padding[i] >= kernel[i] && 2 * padding[i] <= kernel[i]);
    await fc.assert(fc.asyncProperty(shapes.filter(fits), checkBoth), { numRuns: 60, seed: 3 });
  });

  it('between convolutions, whose images have halos of different widths', async () => {
    const x = new Input('x', [2, 6, 11, 12]);
    const [before, after] = [3, 5].map(
      (kernel) => new Variable([6, 6, kernel, kernel], numbers([6, 6, kernel, kernel])),
    );
    const pooled = maxPool2d(relu(conv2d(relu(x), before, { padding: 1 })), 3, { stride: 2, padding: 1 });
    await check(x, conv2d(pooled, after, { padding: 2 }), { x: numbers(x.shape) });
  });
});
