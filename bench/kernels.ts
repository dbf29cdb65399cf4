// Convolution kernels by themselves on one thread: the direct ones against Winograd's, for one shape after another. It is what
// the rule in src/devices/cpu/kernels/winograd/cost.ts rests on. Run it with
//
//   npm run bench:kernels [-- --batch 32 --seconds 1 16,32,32,2 64,64,8,1]
//
// where a shape is channels in, channels out, size of the square map and stride. Kernels are 3x3 with padding 1. The two ways
// run in turns, so that whatever else the machine does hits both, and the best time of each counts. GFLOP/s are those of the
// direct method for both, so that they compare; the transforms of weights are part of Winograd's time.

import { parseArgs } from 'node:util';
import { type Convolution, directConvolution, winogradConvolution } from '../src/devices/cpu/choose-convolution.ts';
import { detectFeatures } from '../src/devices/cpu/features.ts';
import type { ConvolutionShape } from '../src/devices/cpu/kernels/convolution.ts';
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

function shapeOf(text: string): ConvolutionShape {
  const extents = text.split(',').map(Number);
  if (extents.length !== 4 || !extents.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new Error(`expected channels in, channels out, size, stride, such as 16,32,32,2; found ${text}`);
  }
  const [inChannels, outChannels, size, stride] = extents;
  const out = Math.ceil(size / stride);
  return {
    n: Number(options.batch),
    inChannels,
    outChannels,
    ...{ height: size, width: size, outHeight: out, outWidth: out, kernelHeight: 3, kernelWidth: 3 },
    window: { stride: [stride, stride], padding: [1, 1] },
  };
}

/** One kernel with all its steps, ready to run. */
function prepare(convolution: Convolution, s: ConvolutionShape, what: Operation): () => void {
  const h = createHarness({ relaxed: detectFeatures().relaxedSimd });
  const input = { n: s.n, h: s.height, w: s.width, c: s.inChannels };
  const output = { n: s.n, h: s.outHeight, w: s.outWidth, c: s.outChannels };
  const halos = convolution.weightGradientHalo(s);
  const { window } = s;
  const weights = h.weights(s);
  h.fill(weights, numbers(9 * s.inChannels * s.outChannels));
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

prepareV8();
console.log(`batch ${options.batch}, one thread; best of ${options.seconds} s each; GFLOP/s, and milliseconds\n`);
console.log('shape                 kernel            direct           Winograd         ratio  the rule takes');
for (const text of positionals.length > 0 ? positionals : standardShapes) {
  const shape = shapeOf(text);
  const flop = 2 * 9 * shape.n * shape.outHeight * shape.outWidth * shape.inChannels * shape.outChannels;
  const ways = winogradApplies(shape) ? [directConvolution, winogradConvolution] : [directConvolution];
  for (const what of operations) {
    const runs = ways.map((way) => prepare(way, shape, what));
    const [direct, winograd] = bestOf(runs, Number(options.seconds));
    const column = (time: number | undefined) =>
      (time ? `${(flop / time / 1e9).toFixed(1).padStart(6)} ${(time * 1000).toFixed(3).padStart(8)}` : '').padEnd(17);
    const [from, to, size, stride] = text.split(',');
    const name = `${from} -> ${to} at ${size}x${size} / ${stride}`;
    const ratio = winograd ? (direct / winograd).toFixed(2) : '    ';
    const taken = preferWinograd(shape) ? 'Winograd' : 'direct';
    console.log(`${name.padEnd(21)} ${what.padEnd(16)} ${column(direct)}${column(winograd)} ${ratio}  ${taken}`);
  }
}
