// What follows a convolution on each element is done by the convolution itself where that is possible. Whether it is or not,
// results are those of the reference device; where it is, no walk over memory is left.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import type { Device } from '../src/devices/device.ts';
import { createReferenceDevice } from '../src/devices/reference/device.ts';
import {
  add,
  constant,
  conv2d,
  Input,
  mul,
  relu,
  reshape,
  sigmoid,
  type Tensor,
  Variable,
} from '../src/tensor/index.ts';
import { randomStream } from '../src/tensor/random.ts';
import { sizeOf } from '../src/tensor/shape.ts';
import { relativeError } from './compare.ts';

const random = randomStream({ seed: 5, purpose: 'augment' });
const numbers = (shape: readonly number[]) =>
  Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1);

interface Options {
  readonly kernel?: number;
  readonly stride?: number;
}

/** A convolution that keeps height and width at stride 1. */
function convolve(x: Tensor, channels: number, { kernel = 3, stride = 1 }: Options = {}): Tensor {
  const shape = [channels, x.shape[1], kernel, kernel];
  return conv2d(x, new Variable(shape, numbers(shape)), { stride, padding: (kernel - 1) / 2 });
}

function addBias(x: Tensor): Tensor {
  const channels = x.shape[1];
  return add(x, reshape(new Variable([channels], numbers([channels])), [channels, 1, 1]));
}

describe.each([1, 2])('with %i threads', (threads) => {
  let cpu: Device;
  beforeAll(async () => {
    cpu = await createNodeCpuDevice({ threads });
  });
  afterAll(() => cpu.close());

  /** Names of the steps that are no convolution, of a program whose results are right. */
  async function passesOf(outputs: Record<string, Tensor>, ...inputs: readonly Input[]): Promise<string[]> {
    const feeds = Object.fromEntries(inputs.map(({ name, shape }) => [name, numbers(shape)]));
    const program = await cpu.compile({ outputs });
    const found = await program.run(feeds);
    const expected = await (await createReferenceDevice().compile({ outputs })).run(feeds);
    for (const name of Object.keys(outputs)) {
      expect(relativeError(found[name], expected[name]), name).toBeLessThan(2e-5);
    }
    const steps = (await program.profile!(feeds)).map(({ name }) => name);
    return steps.filter((name) => name.startsWith('pass'));
  }

  it.each([
    // Winograd's method, in one step and in three; edge tiles; many and few channels.
    { channels: [16, 16], size: [12, 12], batch: 3 },
    { channels: [8, 12], size: [7, 9], batch: 2 },
    { channels: [256, 128], size: [6, 5], batch: 1 },
    { channels: [16, 32], size: [16, 16], batch: 2, stride: 2 },
    // So few tiles that threads share the channels.
    { channels: [12, 64], size: [8, 7], batch: 1 },
    { channels: [16, 128], size: [4, 4], batch: 1, stride: 2 },
    // The direct kernels.
    { channels: [1, 8], size: [10, 11], batch: 2 },
    { channels: [3, 16], size: [15, 15], batch: 2, kernel: 7, stride: 2 },
    { channels: [24, 20], size: [5, 6], batch: 3, kernel: 1 },
    { channels: [16, 40], size: [1, 1], batch: 5, kernel: 1 },
  ])('a convolution adds a bias and applies an activation: %o', async ({ channels, size, batch, ...options }) => {
    const x = new Input('x', [batch, channels[0], ...size]);
    expect(await passesOf({ y: relu(addBias(convolve(x, channels[1], options))) }, x)).toEqual([]);
    expect(await passesOf({ y: sigmoid(mul(convolve(x, channels[1], options), constant(0.25))) }, x)).toEqual([]);
  });

  it.each([
    { kernel: 3, stride: 1 },
    { kernel: 1, stride: 1 },
    { kernel: 3, stride: 2 },
    { kernel: 1, stride: 2 },
  ])('a block adds its shortcut, whichever halo that lies in: %o', async (options) => {
    const x = new Input('x', [2, 16, 9, 9]);
    const y = addBias(convolve(x, 24, options));
    // The block's own result is read by a convolution with a wider halo.
    const shortcut = relu(addBias(convolve(x, 24, options)));
    const sum = relu(add(addBias(convolve(relu(y), 24)), shortcut));
    const z = convolve(sum, 8, { kernel: 5 });
    expect(await passesOf({ z: relu(z), sum }, x)).toEqual([]);
  });

  it('a block adds its shortcut where threads share the channels', async () => {
    const x = new Input('x', [1, 64, 7, 8]);
    expect(await passesOf({ y: relu(add(addBias(convolve(x, 64)), x)) }, x)).toEqual([]);
  });

  it('two convolutions are added up by the later one', async () => {
    const x = new Input('x', [2, 8, 8, 8]);
    const sum = add(addBias(convolve(x, 16)), addBias(convolve(x, 16, { kernel: 1 })));
    expect(await passesOf({ y: relu(sum) }, x)).toEqual([]);
  });

  it('a result that someone else reads is stored as it is', async () => {
    const x = new Input('x', [2, 8, 8, 8]);
    const y = convolve(x, 16);
    expect(await passesOf({ y, z: relu(y) }, x)).toHaveLength(1);
    const z = convolve(x, 16);
    expect(await passesOf({ a: relu(z), b: convolve(z, 8) }, x)).toHaveLength(1);
  });

  it('pad channels stay zero', async () => {
    // sigmoid(0) is not 0: the next convolution would read it.
    const x = new Input('x', [2, 8, 8, 8]);
    await passesOf({ y: convolve(sigmoid(convolve(x, 6)), 4) }, x);
  });
});
