// Winograd's kernels by themselves, with what no device test can see: halos wider than asked for, halos and pad channels that
// stay zero, channel sums, and units done one by one in any order. The loops of the reference device say what is right.

import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../../../../test/compare.ts';
import { createHarness, type Order } from '../../../../../test/kernel-harness.ts';
import { conv2d, gradients, Input } from '../../../../tensor/index.ts';
import { randomStream } from '../../../../tensor/random.ts';
import { createReferenceDevice } from '../../../reference/device.ts';
import { detectFeatures } from '../../features.ts';
import type { Halo } from '../../geometry.ts';
import { prepareV8 } from '../../v8-flags.node.ts';
import type { ConvolutionShape } from '../convolution.ts';
import { winograd, winogradForward, winogradInputGradient, winogradWeightGradient } from './index.ts';

interface Case {
  readonly batch: number;
  readonly channels: readonly [number, number];
  readonly size: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly stride?: readonly [number, number];
  /** Halo beyond what the kernels ask for, as another reader of the same tensor may want it. */
  readonly extra?: number;
  /** Multiplications and additions round by themselves. */
  readonly strict?: boolean;
  /** Written for neighbouring vectors that are computed as one. */
  readonly wide?: boolean;
  /** 2e-5 by default. */
  readonly tolerance?: number;
}

const random = randomStream({ seed: 5, purpose: 'augment' });
const numbers = (count: number) => Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);

function shapeOf({ batch, channels, size, padding = [1, 1], stride = [1, 1] }: Case): ConvolutionShape {
  const [outHeight, outWidth] = [0, 1].map(
    (axis) => Math.floor((size[axis] + 2 * padding[axis] - 3) / stride[axis]) + 1,
  );
  return {
    n: batch,
    inChannels: channels[0],
    height: size[0],
    width: size[1],
    outChannels: channels[1],
    outHeight,
    outWidth,
    kernelHeight: 3,
    kernelWidth: 3,
    window: { stride, padding },
  };
}

interface Values {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly upstream: Float32Array;
}

function valuesFor(s: ConvolutionShape): Values {
  return {
    x: numbers(s.n * s.inChannels * s.height * s.width),
    w: numbers(s.outChannels * s.inChannels * 9),
    upstream: numbers(s.n * s.outChannels * s.outHeight * s.outWidth),
  };
}

/** y, dx, dw by plain loops in float64. */
async function expectedOf(s: ConvolutionShape, { x, w, upstream }: Values) {
  const image = new Input('x', [s.n, s.inChannels, s.height, s.width]);
  const weight = new Input('w', [s.outChannels, s.inChannels, 3, 3]);
  const y = conv2d(image, weight, s.window);
  const gradient = new Input('upstream', y.shape);
  const [dx, dw] = gradients(y, [image, weight], gradient);
  const program = await createReferenceDevice().compile({ outputs: { y, dx, dw } });
  return program.run({ x, w, upstream });
}

let relaxed = false;

/** y, dx, dw and the channel sums by the kernels, as they lie in memory and in PyTorch's order. */
function found(s: ConvolutionShape, values: Values, { extra = 0, strict = false, wide = false }: Case, order: Order) {
  const widen = ({ top, left, bottom, right }: Halo): Halo => ({
    top: top + extra,
    left: left + extra,
    bottom: bottom + extra,
    right: right + extra,
  });
  const h = createHarness({ relaxed: relaxed && !strict, wide });
  const { window } = s;
  const input = { n: s.n, h: s.height, w: s.width, c: s.inChannels };
  const output = { n: s.n, h: s.outHeight, w: s.outWidth, c: s.outChannels };
  const halos = winograd.weightGradientHalo(s);
  // Each reader has images of its own, in the halo that it asks for.
  const x = h.image(input, widen(winograd.forwardHalo(s)));
  const upstream = h.image(output, widen(winograd.inputGradientHalo(s)));
  const gradientX = h.image(input, widen(halos.x));
  const gradientUpstream = h.image(output, widen(halos.upstream));
  // Results lie in halos too: they must stay zero.
  const [y, dx] = [h.image(output, widen(winograd.forwardHalo(s))), h.image(input, widen(halos.upstream))];
  const weights = h.weights(s);
  const dw = h.weights(s);
  for (const image of [x, gradientX]) h.fill(image, values.x);
  for (const image of [upstream, gradientUpstream]) h.fill(image, values.upstream);
  h.fill(weights, values.w);
  for (const result of [y, dx, dw]) h.clear(result);
  const statistics = winogradForward(h.emitter, { x, weights, y, window, statistics: true })!;
  winogradInputGradient(h.emitter, { upstream, weights, dx, window });
  winogradWeightGradient(h.emitter, { x: gradientX, upstream: gradientUpstream, gradient: dw, window });
  h.run(order);
  return {
    y: h.read(y),
    dx: h.read(dx),
    dw: h.read(dw),
    memory: [y, dx, dw, { buffer: statistics.sums }, { buffer: statistics.squares }].map((image) => h.memoryOf(image)),
    isZeroAround: [y, dx, dw].every((result) => h.isZeroAround(result)),
    sums: h.sumOfParts(statistics.sums, statistics.parts, s.outChannels),
    squares: h.sumOfParts(statistics.squares, statistics.parts, s.outChannels),
  };
}

function channelSums(y: ArrayLike<number>, s: ConvolutionShape, of: (value: number) => number): Float64Array {
  const sums = new Float64Array(s.outChannels);
  const pixels = s.outHeight * s.outWidth;
  for (let i = 0; i < y.length; i++) sums[Math.floor(i / pixels) % s.outChannels] += of(y[i]);
  return sums;
}

async function check(shape: Case): Promise<void> {
  const s = shapeOf(shape);
  const values = valuesFor(s);
  const expected = await expectedOf(s, values);
  const result = found(s, values, shape, 'whole');
  for (const name of ['y', 'dx', 'dw'] as const) {
    expect(relativeError(result[name], expected[name]), name).toBeLessThan(shape.tolerance ?? 2e-5);
  }
  // Of the numbers that were really written; they may cancel, so on the scale of what is added up.
  const scale = Math.max(...channelSums(result.y, s, Math.abs));
  const error = (a: Float64Array, b: Float64Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  expect(
    error(
      result.sums,
      channelSums(result.y, s, (value) => value),
    ) / scale,
    'sums',
  ).toBeLessThan(1e-6);
  expect(
    relativeError(
      result.squares,
      channelSums(result.y, s, (value) => value * value),
    ),
    'squares',
  ).toBeLessThan(1e-6);
  expect(result.isZeroAround, 'halos and pad channels').toBe(true);
  const scattered = found(s, values, { ...shape, wide: true }, 'scattered');
  result.memory.forEach((bits, i) => {
    expect(
      Buffer.compare(Buffer.from(bits.buffer), Buffer.from(scattered.memory[i].buffer)),
      'any order, any width of vectors',
    ).toBe(0);
  });
}

describe('Winograd convolution, input gradient and weight gradient', () => {
  beforeAll(() => {
    prepareV8();
    relaxed = detectFeatures().relaxedSimd;
  });

  describe.each([
    [1, 1],
    [2, 2],
    [1, 2],
    [2, 1],
  ] as const)('of stride %i and %i', (...stride) => {
    it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 17, 18])('of a map of %i pixels a side', (extent) =>
      check({ batch: 2, channels: [8, 12], size: [extent, extent], stride }),
    );

    it.each([1, 3, 4, 5, 16, 17, 32, 64])('of %i channels, to and from 12', async (channels) => {
      await check({ batch: 3, channels: [channels, 12], size: [6, 7], stride });
      await check({ batch: 1, channels: [12, channels], size: [7, 6], stride });
    });

    it.each([
      [0, 0],
      [0, 1],
      [2, 2],
      [1, 2],
      [2, 0],
    ] as const)('with padding %i and %i', (vertical, horizontal) =>
      check({ batch: 2, channels: [5, 9], size: [9, 6], padding: [vertical, horizontal] }),
    );
  });

  it.each([
    { batch: 1, channels: [1, 1], size: [1, 1] },
    { batch: 1, channels: [4, 4], size: [1, 13] },
    { batch: 5, channels: [16, 16], size: [3, 3], padding: [0, 0] },
    { batch: 32, channels: [8, 8], size: [14, 14] },
    { batch: 3, channels: [16, 16], size: [32, 32] },
    { batch: 9, channels: [4, 8], size: [32, 32] },
    { batch: 2, channels: [17, 5], size: [28, 11] },
    { batch: 32, channels: [32, 32], size: [8, 8] },
    { batch: 33, channels: [64, 64], size: [4, 4] },
    { batch: 1, channels: [1, 1], size: [1, 1], stride: [2, 2] },
    { batch: 1, channels: [4, 4], size: [1, 13], stride: [2, 2] },
    { batch: 9, channels: [16, 32], size: [32, 32], stride: [2, 2] },
    { batch: 33, channels: [32, 64], size: [16, 16], stride: [2, 2] },
    { batch: 2, channels: [17, 5], size: [28, 11], stride: [2, 2] },
  ] as const)('of $channels at $size, batch $batch', check);

  it.each([
    { batch: 1, channels: [512, 16], size: [8, 8] },
    { batch: 1, channels: [16, 512], size: [8, 8] },
    { batch: 1, channels: [512, 16], size: [16, 16], stride: [2, 2] },
    { batch: 1, channels: [16, 512], size: [16, 16], stride: [2, 2] },
  ] as const)('rounds hardly more with many channels: $channels at $size, batch $batch', (shape) =>
    check({ ...shape, tolerance: 8e-6 }),
  );

  it('with multiplications and additions that round by themselves', () =>
    check({ batch: 2, channels: [20, 12], size: [10, 10], strict: true }));

  it('with multiplications and additions that round by themselves, stride 2', () =>
    check({ batch: 2, channels: [20, 12], size: [19, 19], stride: [2, 2], strict: true }));

  it('reads images in halos wider than it asks for', () =>
    check({ batch: 3, channels: [7, 10], size: [10, 9], extra: 2 }));

  it.each([
    { batch: 2, channels: [136, 140], size: [7, 9] },
    { batch: 1, channels: [260, 36], size: [6, 6] },
    { batch: 9, channels: [36, 260], size: [7, 7] },
    { batch: 1, channels: [256, 256], size: [3, 3] },
    { batch: 2, channels: [136, 140], size: [14, 17], stride: [2, 2] },
    { batch: 9, channels: [36, 260], size: [13, 13], stride: [2, 2] },
  ] as const)('of more channels than a block has room for: $channels at $size, batch $batch', check);
});
