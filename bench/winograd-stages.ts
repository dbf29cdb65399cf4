// Where the time of a Winograd convolution goes, and how far each stage is from the machine's limit: transforms into the patches,
// products, transforms out of them with batch norm's sums, each by itself on one thread, on blocks of tiles as the forward
// convolution takes them. Beside them the limit: a loop of multiply-adds that touches no memory. Run it with
//
//   npm run bench:stages [-- --batch 32 --seconds 1 16,16,32 64,64,8]
//
// where a shape is channels in, channels out and size of the square map.

import { parseArgs } from 'node:util';
import { detectFeatures } from '../src/devices/cpu/features.ts';
import { vectorBytes } from '../src/devices/cpu/geometry.ts';
import { blockOf, forEachBlock, fusedBlockOf, layOut } from '../src/devices/cpu/kernels/winograd/blocks.ts';
import { filtersOf, forwardCorrelations, outputsOf, positionsOf } from '../src/devices/cpu/kernels/winograd/filters.ts';
import { winograd } from '../src/devices/cpu/kernels/winograd/index.ts';
import { forwardProducts, tileStride, weightStride } from '../src/devices/cpu/kernels/winograd/products.ts';
import { outputKernel, patchesOf, patchKernel, tilingOf } from '../src/devices/cpu/kernels/winograd/tiles.ts';
import { workBytes } from '../src/devices/cpu/kernels/winograd/transforms.ts';
import type { Step } from '../src/devices/cpu/step.ts';
import { prepareV8 } from '../src/devices/cpu/v8-flags.node.ts';
import { f32x4, i32, type, v128 } from '../src/devices/cpu/wasm.ts';
import { randomStream } from '../src/tensor/random.ts';
import { createHarness, type HarnessOptions } from '../test/kernel-harness.ts';

const { values: options, positionals } = parseArgs({
  options: { batch: { type: 'string', default: '32' }, seconds: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const batch = Number(options.batch);
const random = randomStream({ seed: 1, purpose: 'augment' });
const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform() - 0.5);

/** The best time, in seconds. */
function bestOf(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + Number(options.seconds) * 1000;
  do {
    const start = performance.now();
    run();
    best = Math.min(best, (performance.now() - start) / 1000);
  } while (performance.now() < end);
  return best;
}

/** Multiply-adds on registers alone, ten sums at a time so that none waits for another: operations a second. */
function limit({ relaxed, wide }: HarnessOptions): number {
  const h = createHarness({ relaxed, wide });
  const [sums, turns] = [wide ? 20 : 10, 1_000_000];
  const kernel = h.emitter.module.function('limit', 3, (f, target) => {
    const [x, y] = [f.let(f32x4.const(0.5), type.v128), f.let(f32x4.const(0.25), type.v128)];
    const totals = f.locals(sums, type.v128);
    f.repeat(turns, () => {
      for (const total of totals) f.set(total, h.emitter.madd(x, y, total));
    });
    totals.forEach((total, i) => {
      f.emit(v128.store(target, total, i * vectorBytes));
    });
  });
  const target = h.emitter.scratch('sums', sums * vectorBytes);
  h.emitter.step({ name: 'limit', kernel, arguments: [target], units: 1, reads: [], writes: [target] });
  return (2 * 4 * sums * turns) / bestOf(() => h.runUnchecked());
}

interface Stages {
  readonly steps: readonly Step[];
  readonly run: (step: Step) => void;
  /** Multiply-adds of the products, times two. */
  readonly operations: number;
}

function stagesOf(text: string, harness: HarnessOptions): Stages {
  const extents = text.split(',').map(Number);
  if (extents.length !== 3 || !extents.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new Error(`expected channels in, channels out, size, such as 16,16,32; found ${text}`);
  }
  const [inChannels, outChannels, size] = extents;
  const window = { stride: [1, 1], padding: [1, 1] } as const;
  const map = { n: batch, h: size, w: size };
  const h = createHarness(harness);
  const e = h.emitter;
  const filters = filtersOf(window)!;
  const correlations = forwardCorrelations(filters, window);
  const [rows, columns] = correlations;
  const halo = winograd.forwardHalo({
    ...{ n: batch, inChannels, outChannels, height: size, width: size, outHeight: size, outWidth: size },
    ...{ kernelHeight: 3, kernelWidth: 3, window },
  });
  const x = h.image({ ...map, c: inChannels }, halo);
  const y = h.image({ ...map, c: outChannels }, halo);
  h.fill(x, numbers(batch * size * size * inChannels));
  const tiling = tilingOf(map, outputsOf(correlations));
  const [inVectors, outVectors] = [x.geometry.stored / 4, y.geometry.stored / 4];
  const block = fusedBlockOf(filters, tiling.count, inVectors, outVectors) ?? blockOf(tiling.count);
  const padded = Math.ceil(block / 4) * 4;
  const [inStride, outStride] = [tileStride(padded, inVectors), tileStride(padded, outVectors)];
  const positions = positionsOf(filters);
  const weights = e.scratch('weights', positions * weightStride(inChannels, outVectors));

  const patches = patchKernel(e, patchesOf(x.geometry, correlations, tiling, inStride));
  const products = forwardProducts(e, { filters, inVectors, outVectors, inChannels, inStride, outStride });
  const output = outputKernel(
    e,
    {
      transforms: [rows.output, columns.output],
      step: outputsOf(correlations),
      tiling,
      geometry: y.geometry,
      start: y.geometry.origin,
      vectors: outVectors,
      stride: outStride,
    },
    true,
  );
  const blocks = Math.ceil(tiling.count / block);
  const memory = layOut(positions * inStride, positions * outStride, workBytes, 2 * outVectors * vectorBytes);
  const steps = (['patches', 'products', 'results'] as const).map((stage): Step => {
    const kernel = e.module.function(stage, 6, (f, source, u, target, scratch, from, to) => {
      const [v, m, work, sums] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
      forEachBlock(f, { from, to, units: blocks, blocks, block, tiles: tiling.count }, () => (tile, count) => {
        if (stage === 'patches') f.call(patches, source, v, work, tile, count);
        else if (stage === 'products') f.call(products, v, u, m, count, i32.const(0), i32.const(positions));
        else f.call(output, m, target, work, tile, count, sums);
      });
    });
    const [reads, writes] = [[x.buffer, weights], [y.buffer]];
    const stepArguments = [x.buffer, weights, y.buffer, { threadBytes: memory.bytes }];
    return { name: stage, kernel, arguments: stepArguments, units: blocks, reads, writes };
  });
  for (const step of steps) e.step(step);
  const operations = 2 * positions * tiling.count * inChannels * outChannels;
  return { steps, run: (step) => h.runUnchecked([step]), operations };
}

prepareV8();
const { relaxedSimd, wideVectors } = detectFeatures();
const harness = { relaxed: relaxedSimd, wide: wideVectors };
const most = limit(harness);
console.log(
  `batch ${batch}, one thread, ${wideVectors ? 'vectors of 256 bits' : 'vectors of 128 bits'}; best of ${options.seconds} s each. Limit: ${(most / 1e9).toFixed(1)} GFLOP/s\n`,
);
console.log('shape                  patches      products            of the limit    results        products, of all');
for (const text of positionals.length > 0 ? positionals : ['16,16,32', '32,32,16', '64,64,8', '64,64,56']) {
  const { steps, run, operations } = stagesOf(text, harness);
  const times = steps.map((step) => bestOf(() => run(step)));
  const [patches, products, results] = times.map((time) => `${(time * 1000).toFixed(3).padStart(7)} ms`);
  const speed = operations / times[1];
  const percent = (share: number): string => `${(share * 100).toFixed(0).padStart(3)} %`;
  const [from, to, size] = text.split(',');
  const name = `${from} -> ${to} at ${size}x${size}`.padEnd(20);
  const share = times[1] / times.reduce((a, b) => a + b, 0);
  console.log(
    `${name} ${patches}  ${products} ${(speed / 1e9).toFixed(1).padStart(5)} GFLOP/s   ${percent(speed / most)}  ${results}        ${percent(share)}`,
  );
}
