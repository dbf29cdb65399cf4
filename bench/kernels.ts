// Kernels by themselves on one thread: the direct convolutions against Winograd's, for one shape after another, and matrix
// products. It is what the rule in src/devices/cpu/kernels/winograd/cost.ts rests on. Run it with
//
//   npm run bench:kernels [-- --batch 32 --seconds 1 16,32,32,2 64,256,56,1,1 256,256,14,1,3,32 32x2048x1000]
//
// where a convolution's shape is channels in, channels out, size of the square map, stride, size of the kernel (3 unless given)
// and groups (1); the padding is half the kernel. A matrix product is rows x summands x columns. All ways run in turns, so that
// whatever else the machine does hits each, and the best time counts. GFLOP/s are those of the direct method for all, so that
// they compare; the transforms of weights are part of Winograd's time. Vectors are wide (step.ts) where the engine has them.

import { parseArgs } from 'node:util';
import { type Convolution, directConvolution, winogradConvolution } from '../src/devices/cpu/choose-convolution.ts';
import { detectFeatures } from '../src/devices/cpu/features.ts';
import type { ConvolutionShape } from '../src/devices/cpu/kernels/convolution.ts';
import { matmulKernel } from '../src/devices/cpu/kernels/matmul.ts';
import { preferWinograd, winogradApplies } from '../src/devices/cpu/kernels/winograd/index.ts';
import { prepareV8 } from '../src/devices/cpu/v8-flags.node.ts';
import { randomStream } from '../src/tensor/random.ts';
import { createHarness } from '../test/kernel-harness.ts';

/** Of ResNets: the article's and CIFAR's, then torchvision's. */
const standardShapes = [
  ...['16,16,32,1', '32,32,16,1', '64,64,8,1', '16,32,32,2', '32,64,16,2'],
  ...['64,64,56,1', '128,128,28,1', '256,256,14,1', '512,512,7,1', '64,128,56,2', '128,256,28,2', '256,512,14,2'],
];

const { values: options, positionals } = parseArgs({
  options: {
    batch: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});

const random = randomStream({ seed: 1, purpose: 'augment' });
const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform() - 0.5);

const kernelOptions = () => ({ relaxed: features.relaxedSimd, wide: features.wideVectors });

function numbersOf(text: string, separator: string): number[] {
  const extents = text.split(separator).map(Number);
  const isCount = (extent: number) => Number.isInteger(extent) && extent > 0;
  const isComplete = separator === 'x' ? extents.length === 3 : extents.length >= 4 && extents.length <= 6;
  if (isComplete && extents.every(isCount)) return extents;
  throw new Error(
    `expected channels in, channels out, size, stride and perhaps kernel and groups, such as 16,32,32,2; or a matrix product such as 32x64x10; found ${text}`,
  );
}

function shapeOf([inChannels, outChannels, size, stride, kernel = 3, groups = 1]: readonly number[]): ConvolutionShape {
  const padding = Math.floor(kernel / 2);
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    n: Number(options.batch),
    inChannels,
    outChannels,
    ...{ height: size, width: size, outHeight: out, outWidth: out, kernelHeight: kernel, kernelWidth: kernel },
    window: { stride: [stride, stride], padding: [padding, padding], groups },
  };
}

const flopOf = (s: ConvolutionShape): number =>
  (2 * s.kernelHeight * s.kernelWidth * s.n * s.outHeight * s.outWidth * s.inChannels * s.outChannels) /
  (s.window.groups ?? 1);

/** One kernel with all its steps, ready to run. */
function prepare(convolution: Convolution, s: ConvolutionShape, what: Operation): () => void {
  const h = createHarness(kernelOptions());
  const input = { n: s.n, h: s.height, w: s.width, c: s.inChannels };
  const output = { n: s.n, h: s.outHeight, w: s.outWidth, c: s.outChannels };
  const halos = convolution.weightGradientHalo(s);
  const { window } = s;
  const inChannels = s.inChannels / (window.groups ?? 1);
  const weights = h.weights({ ...s, inChannels });
  h.fill(weights, numbers(s.kernelHeight * s.kernelWidth * inChannels * s.outChannels));
  const x = h.image(input, what === 'weight gradient' ? halos.x : convolution.forwardHalo(s));
  const upstream = h.image(output, what === 'weight gradient' ? halos.upstream : convolution.inputGradientHalo(s));
  h.fill(x, numbers(s.n * s.height * s.width * s.inChannels));
  h.fill(upstream, numbers(s.n * s.outHeight * s.outWidth * s.outChannels));
  if (what === 'forward') convolution.forward(h.emitter, { x, weights, y: upstream, window, statistics: true });
  else if (what === 'input gradient') convolution.inputGradient(h.emitter, { upstream, weights, dx: x, window });
  else convolution.weightGradient(h.emitter, { x, upstream, gradient: weights, window });
  return () => h.runUnchecked();
}

const operations = ['forward', 'input gradient', 'weight gradient'] as const;
type Operation = (typeof operations)[number];

/** The best time of each, in seconds. */
function bestOf(runs: readonly (() => void)[], seconds: number): number[] {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  const end = performance.now() + seconds * 1000;
  do {
    runs.forEach((run, i) => {
      const start = performance.now();
      run();
      best[i] = Math.min(best[i], (performance.now() - start) / 1000);
    });
  } while (performance.now() < end);
  return best;
}

/** A matrix product, and those of its gradients: with the left matrix transposed, and with the right one. */
function prepareProduct(
  [rows, inner, columns]: readonly number[],
  [transposeA, transposeB]: readonly boolean[],
): () => void {
  const h = createHarness(kernelOptions());
  const matrix = (n: number, c: number) => {
    const image = h.image({ n, h: 1, w: 1, c });
    h.fill(image, numbers(n * c));
    return image;
  };
  const a = transposeA ? matrix(inner, rows) : matrix(rows, inner);
  const b = transposeB ? matrix(columns, inner) : matrix(inner, columns);
  matmulKernel(h.emitter, a, b, h.image({ n: rows, h: 1, w: 1, c: columns }), { transposeA, transposeB });
  return () => h.runUnchecked();
}

const column = (flop: number, time: number | undefined): string =>
  (time ? `${(flop / time / 1e9).toFixed(1).padStart(6)} ${(time * 1000).toFixed(3).padStart(8)}` : '').padEnd(17);

function benchConvolution(text: string): void {
  const extents = numbersOf(text, ',');
  const shape = shapeOf(extents);
  const [from, to, size, stride, kernel = 3, groups = 1] = extents;
  const isEither = groups === 1 && winogradApplies(shape);
  const ways = isEither ? [directConvolution, winogradConvolution] : [directConvolution];
  const taken = isEither && preferWinograd(shape) ? 'Winograd' : 'direct';
  for (const what of operations) {
    const [direct, winograd] = bestOf(
      ways.map((way) => prepare(way, shape, what)),
      Number(options.seconds),
    );
    const grouped = groups > 1 ? ` in ${groups}` : '';
    const name = `${kernel}x${kernel} ${from} -> ${to}${grouped} at ${size}x${size} / ${stride}`;
    const ratio = winograd ? (direct / winograd).toFixed(2) : '    ';
    const [first, second] = [column(flopOf(shape), direct), column(flopOf(shape), winograd)];
    console.log(`${name.padEnd(32)} ${what.padEnd(16)} ${first}${second} ${ratio}  ${taken}`);
  }
}

function benchProduct(text: string): void {
  const extents = numbersOf(text, 'x');
  const [rows, inner, columns] = extents;
  const transposed = { 'a b': [false, false], "a' b": [true, false], "a b'": [false, true] };
  for (const [what, which] of Object.entries(transposed)) {
    const [time] = bestOf([prepareProduct(extents, which)], Number(options.seconds));
    const name = `${rows}x${inner} times ${inner}x${columns}`;
    console.log(`${name.padEnd(32)} ${what.padEnd(16)} ${column(2 * rows * inner * columns, time).trimEnd()}`);
  }
}

prepareV8();
const features = detectFeatures();
const width = features.wideVectors ? 'wide' : 'single';
console.log(
  `batch ${options.batch}, one thread, ${width} vectors; best of ${options.seconds} s each; GFLOP/s, and milliseconds\n`,
);
console.log(
  'shape                            kernel            direct           Winograd         ratio  the rule takes',
);
for (const text of positionals.length > 0 ? positionals : standardShapes) {
  if (text.includes('x')) benchProduct(text);
  else benchConvolution(text);
}
