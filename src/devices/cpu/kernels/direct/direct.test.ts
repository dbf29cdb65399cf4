// The direct kernels of convolutions and their gradients against plain loops in float64. The workbench also finds out
// whether they write where they must not, leave out what they must write, or depend on the order of units, and whether those
// for wide vectors compute the same bits.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../../../../test/compare.ts';
import { createHarness, type Harness } from '../../../../../test/kernel-harness.ts';
import { randomStream } from '../../../../tensor/random.ts';
import type { Halo } from '../../geometry.ts';
import type { Image, Weights } from '../../step.ts';
import { prepareV8 } from '../../v8-flags.node.ts';
import type { ConvolutionShape, Statistics } from '../convolution.ts';
import { direct, directForward, directInputGradient, directWeightGradient } from './index.ts';

type Pair = readonly [number, number];

interface Case {
  readonly batch: number;
  readonly channels: Pair;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly groups?: number;
}

const tolerance = 2e-5;

const random = randomStream({ seed: 5, purpose: 'augment' });
const numbers = (count: number) => Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);

function shapeOf({ batch, channels, size, kernel, stride, padding, groups = 1 }: Case): ConvolutionShape {
  const out = (i: 0 | 1) => Math.floor((size[i] + 2 * padding[i] - kernel[i]) / stride[i]) + 1;
  return {
    n: batch,
    inChannels: channels[0],
    height: size[0],
    width: size[1],
    outChannels: channels[1],
    outHeight: out(0),
    outWidth: out(1),
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    window: { stride, padding, groups },
  };
}

/** Visits each product: the numbers of an element of x, of w and of y that belong together. */
function forEachProduct(s: ConvolutionShape, visit: (x: number, w: number, y: number) => void): void {
  const { stride, padding, groups = 1 } = s.window;
  const channels = s.inChannels / groups;
  for (let n = 0; n < s.n; n++)
    for (let o = 0; o < s.outChannels; o++)
      for (let i = 0; i < s.outHeight; i++)
        for (let j = 0; j < s.outWidth; j++)
          for (let c = 0; c < channels; c++)
            for (let u = 0; u < s.kernelHeight; u++)
              for (let v = 0; v < s.kernelWidth; v++) {
                const [h, w] = [i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]];
                if (h < 0 || w < 0 || h >= s.height || w >= s.width) continue;
                const first = Math.floor((o * groups) / s.outChannels) * channels;
                visit(
                  ((n * s.inChannels + first + c) * s.height + h) * s.width + w,
                  ((o * channels + c) * s.kernelHeight + u) * s.kernelWidth + v,
                  ((n * s.outChannels + o) * s.outHeight + i) * s.outWidth + j,
                );
              }
}

const wider = (a: Halo, b: Halo): Halo => ({
  top: Math.max(a.top, b.top),
  left: Math.max(a.left, b.left),
  bottom: Math.max(a.bottom, b.bottom),
  right: Math.max(a.right, b.right),
});

interface Bench {
  readonly harness: Harness;
  readonly x: Image;
  readonly weights: Weights;
  readonly y: Image;
}

interface Variant {
  readonly relaxed?: boolean;
  /** Halo beyond what is asked for, as another reader of the same image may want it. */
  readonly extra?: number;
}

function benchOf(s: ConvolutionShape, { relaxed = true, extra = 0 }: Variant, wide: boolean): Bench {
  const harness = createHarness({ relaxed, wide });
  const more: Halo = { top: extra, left: extra, bottom: extra, right: 2 * extra };
  const asked = direct.weightGradientHalo(s);
  const xHalo = wider(wider(direct.forwardHalo(s), asked.x), more);
  const yHalo = wider(wider(direct.inputGradientHalo(s), asked.upstream), more);
  return {
    harness,
    x: harness.image({ n: s.n, h: s.height, w: s.width, c: s.inChannels }, xHalo),
    weights: harness.weights({ ...s, inChannels: s.inChannels / (s.window.groups ?? 1) }),
    y: harness.image({ n: s.n, h: s.outHeight, w: s.outWidth, c: s.outChannels }, yHalo),
  };
}

/** What a kernel computes; a result's memory is compared as it lies. */
interface Outcome {
  readonly bench: Bench;
  readonly result: Image | Weights;
  readonly memory: readonly Float32Array[];
  readonly statistics?: Statistics;
}

/**
 * Runs the kernel unit by unit in one order, and as one that is written for wide vectors in another. Compares the result's own
 * elements with what is expected, and both with each other.
 */
function expectResult(
  s: ConvolutionShape,
  variant: Variant,
  expected: Float64Array,
  write: (bench: Bench) => { readonly result: Image | Weights; readonly statistics?: Statistics },
): Outcome {
  const [narrow, wide] = ([false, true] as const).map((isWide): Outcome => {
    const bench = benchOf(s, variant, isWide);
    const { harness } = bench;
    const { result, statistics } = write(bench);
    harness.clear(result);
    harness.run(isWide ? 'scattered' : 'whole');
    const buffers = statistics ? [result, { buffer: statistics.sums }, { buffer: statistics.squares }] : [result];
    return { bench, result, statistics, memory: buffers.map((buffer) => harness.memoryOf(buffer)) };
  });
  const { harness } = narrow.bench;
  expect(relativeError(harness.read(narrow.result), expected)).toBeLessThan(tolerance);
  expect(harness.isZeroAround(narrow.result)).toBe(true);
  narrow.memory.forEach((values, i) => {
    const equal = Buffer.compare(Buffer.from(values.buffer), Buffer.from(wide.memory[i].buffer)) === 0;
    expect(equal, 'any order, any width of vectors').toBe(true);
  });
  return narrow;
}

function checkForward(s: ConvolutionShape, variant: Variant): void {
  const [xs, ws] = [numbers(s.n * s.inChannels * s.height * s.width), numbers(weightCount(s))];
  const expected = new Float64Array(s.n * s.outChannels * s.outHeight * s.outWidth);
  forEachProduct(s, (i, j, k) => {
    expected[k] += xs[i] * ws[j];
  });
  const { bench, statistics } = expectResult(s, variant, expected, ({ harness, x, weights, y }) => {
    harness.fill(x, xs);
    harness.fill(weights, ws);
    const found = directForward(harness.emitter, { x, weights, y, window: s.window, statistics: true });
    return { result: y, statistics: found };
  });
  const { harness, y } = bench;
  const found = statistics as Statistics;

  const [sums, squares] = [new Float64Array(s.outChannels), new Float64Array(s.outChannels)];
  harness.read(y).forEach((value, i) => {
    const channel = Math.floor(i / (s.outHeight * s.outWidth)) % s.outChannels;
    sums[channel] += value;
    squares[channel] += value * value;
  });
  // A sum may come to nearly nothing; what it must be close to is seen on the scale of what was added up.
  const scale = Math.max(...squares) ** 0.5 * (s.n * s.outHeight * s.outWidth) ** 0.5;
  const foundSums = harness.sumOfParts(found.sums, found.parts, s.outChannels);
  expect(Math.max(...foundSums.map((sum, c) => Math.abs(sum - sums[c])))).toBeLessThanOrEqual(1e-6 * scale);
  expect(relativeError(harness.sumOfParts(found.squares, found.parts, s.outChannels), squares)).toBeLessThan(2e-6);
}

function checkInputGradient(s: ConvolutionShape, variant: Variant): void {
  const [gs, ws] = [numbers(s.n * s.outChannels * s.outHeight * s.outWidth), numbers(weightCount(s))];
  const expected = new Float64Array(s.n * s.inChannels * s.height * s.width);
  forEachProduct(s, (i, j, k) => {
    expected[i] += gs[k] * ws[j];
  });
  expectResult(s, variant, expected, ({ harness, x: dx, weights, y: upstream }) => {
    harness.fill(upstream, gs);
    harness.fill(weights, ws);
    directInputGradient(harness.emitter, { upstream, weights, dx, window: s.window });
    return { result: dx };
  });
}

function checkWeightGradient(s: ConvolutionShape, variant: Variant): void {
  const xs = numbers(s.n * s.inChannels * s.height * s.width);
  const gs = numbers(s.n * s.outChannels * s.outHeight * s.outWidth);
  const expected = new Float64Array(weightCount(s));
  forEachProduct(s, (i, j, k) => {
    expected[j] += xs[i] * gs[k];
  });
  expectResult(s, variant, expected, ({ harness, x, weights: gradient, y: upstream }) => {
    harness.fill(x, xs);
    harness.fill(upstream, gs);
    directWeightGradient(harness.emitter, { x, upstream, gradient, window: s.window });
    return { result: gradient };
  });
}

const weightCount = (s: ConvolutionShape) =>
  (s.outChannels * s.inChannels * s.kernelHeight * s.kernelWidth) / (s.window.groups ?? 1);

function check(c: Case, variant: Variant = {}): void {
  const s = shapeOf(c);
  checkForward(s, variant);
  checkInputGradient(s, variant);
  checkWeightGradient(s, variant);
}

const square = (kernel: number, stride: number, padding: number) => ({
  kernel: [kernel, kernel] as const,
  stride: [stride, stride] as const,
  padding: [padding, padding] as const,
});

describe('direct convolution', () => {
  beforeAll(() => {
    prepareV8();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14])('3x3 on maps of %i columns', (extent) => {
    for (const channels of [4, 8, 12] as const) {
      check({ batch: 2, channels: [5, channels], size: [extent, extent], ...square(3, 1, 1) });
      check({ batch: 3, channels: [4, channels], size: [3, extent], ...square(3, 1, 1) });
    }
  });

  it.each([1, 3, 4, 5, 16, 17, 64])('%i channels, in and out', (channels) => {
    for (const other of [1, 3, 4, 5, 16, 17, 64]) {
      check({ batch: 2, channels: [channels, other], size: [5, 6], ...square(3, 1, 1) });
      check({ batch: 2, channels: [channels, other], size: [6, 5], ...square(3, 2, 1) });
    }
  });

  it.each([1, 2, 3, 5, 7])('kernel %i with every stride and padding', (kernel) => {
    for (const stride of [1, 2, 3]) {
      for (const padding of [0, 1, 2, 3]) {
        check({ batch: 2, channels: [3, 6], size: [9, 8], ...square(kernel, stride, padding) });
      }
    }
  });

  it.each([
    { kernel: [1, 3], stride: [1, 1], padding: [0, 1] },
    { kernel: [3, 1], stride: [2, 1], padding: [1, 0] },
    { kernel: [2, 5], stride: [1, 3], padding: [0, 3] },
    { kernel: [7, 2], stride: [3, 2], padding: [3, 0] },
    { kernel: [1, 1], stride: [3, 2], padding: [2, 1] },
  ] as const)('kernel $kernel, stride $stride, padding $padding', (window) =>
    check({ batch: 3, channels: [7, 9], size: [8, 11], ...window }),
  );

  it.each([
    { batch: 2, channels: [160, 136], size: [4, 3], ...square(3, 1, 1) },
    { batch: 2, channels: [160, 520], size: [5, 7], ...square(1, 1, 0) },
    { batch: 33, channels: [24, 40], size: [1, 1], ...square(1, 1, 0) },
    { batch: 1, channels: [600, 250], size: [1, 1], ...square(1, 1, 0) },
    { batch: 9, channels: [8, 12], size: [33, 32], ...square(3, 1, 1) },
    { batch: 2, channels: [3, 64], size: [40, 41], ...square(7, 2, 3) },
  ] as const)('cut into several units: $channels, $size, batch $batch', (shape) => check(shape));

  it.each([1, 2, 3, 4, 7])('many channels on maps of %i pixels', (extent) => {
    check({ batch: 3, channels: [32, 64], size: [extent, extent], ...square(3, 1, 1) });
    check({ batch: 2, channels: [20, 40], size: [extent, 2], ...square(3, 2, 1) });
    check({ batch: 1, channels: [36, 32], size: [extent + 2, 3], kernel: [3, 2], stride: [1, 2], padding: [0, 1] });
    check({ batch: 9, channels: [16, 32], size: [6, extent], ...square(1, 2, 0) });
    check({ batch: 2, channels: [8, 32], size: [extent, 5], ...square(5, 3, 3) });
  });

  it.each([1, 2, 3, 4])('maps of %i pixels that are smaller than the kernel or hardly larger', (extent) => {
    for (const batch of [1, 2, 3, 9]) {
      check({ batch, channels: [7, 24], size: [extent, extent], ...square(3, 1, 1) });
      check({ batch, channels: [9, 12], size: [extent, 2], ...square(5, 2, 2) });
      check({ batch, channels: [12, 8], size: [2, extent], ...square(3, 2, 1), groups: 2 });
    }
    check({ batch: 2, channels: [5, 20], size: [extent, 3], kernel: [3, 5], stride: [2, 1], padding: [1, 4] });
  });

  it('so many pixels of many channels that they come in chunks', () => {
    check({ batch: 8, channels: [32, 48], size: [13, 12], ...square(3, 2, 1) });
    check({ batch: 3, channels: [16, 32], size: [20, 20], ...square(3, 1, 1) });
  });

  it.each([
    { groups: 32, each: [4, 4] },
    { groups: 4, each: [8, 12] },
    { groups: 3, each: [4, 20] },
    { groups: 2, each: [32, 24] },
    { groups: 3, each: [8, 32] },
    { groups: 2, each: [6, 40] },
    { groups: 8, each: [1, 1] },
    { groups: 6, each: [2, 6] },
    { groups: 5, each: [1, 1] },
    { groups: 3, each: [3, 5] },
    { groups: 4, each: [5, 3] },
    { groups: 12, each: [1, 2] },
  ] as const)('in $groups groups of $each channels', ({ groups, each }) => {
    const channels = [groups * each[0], groups * each[1]] as const;
    for (const stride of [1, 2]) {
      check({ batch: 2, channels, size: [6, 7], ...square(3, stride, 1), groups });
      check({ batch: 3, channels, size: [1, 3], ...square(1, stride, 0), groups });
    }
    check({ batch: 2, channels, size: [9, 5], kernel: [2, 5], stride: [3, 1], padding: [0, 3], groups });
  });

  it.each([
    { batch: 2, channels: [256, 256], size: [14, 14], ...square(3, 1, 1), groups: 32 },
    { batch: 2, channels: [144, 144], size: [7, 9], ...square(3, 2, 1), groups: 2 },
    { batch: 3, channels: [64, 64], size: [20, 20], ...square(5, 1, 2), groups: 64 },
  ] as const)('in $groups groups, cut into several units: $channels, $size, batch $batch', (shape) => check(shape));

  it('in wider halos than it asks for', () => {
    check({ batch: 2, channels: [5, 12], size: [7, 6], ...square(3, 2, 1) }, { extra: 2 });
    check({ batch: 2, channels: [8, 9], size: [1, 6], ...square(3, 1, 1) }, { extra: 1 });
  });

  it('without fused multiply-add', () => {
    check({ batch: 2, channels: [17, 12], size: [7, 9], ...square(3, 1, 1) }, { relaxed: false });
    check({ batch: 2, channels: [3, 16], size: [9, 9], ...square(5, 2, 2) }, { relaxed: false });
  });

  it('of any shape at all', () => {
    const pair = (arbitrary: fc.Arbitrary<number>) => fc.tuple(arbitrary, arbitrary);
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 4 }),
      channels: pair(fc.integer({ min: 1, max: 21 })),
      size: pair(fc.integer({ min: 1, max: 12 })),
      kernel: pair(fc.integer({ min: 1, max: 5 })),
      stride: pair(fc.integer({ min: 1, max: 3 })),
      padding: pair(fc.integer({ min: 0, max: 3 })),
    });
    const fits = ({ size, kernel, padding }: Case) => [0, 1].every((i) => size[i] + 2 * padding[i] >= kernel[i]);
    fc.assert(
      fc.property(shapes.filter(fits), (shape) => check(shape)),
      { numRuns: 60, seed: 2 },
    );
  });
});
