// Memory over a long training with everything on: augmentation in the loader's worker, mixing, averaged weights, clipping,
// accumulation, a schedule, a checkpoint every second, a validation every epoch. Run it with
//
//   npm run bench:memory [-- --steps 5000 --threads 2 --batch 4]
//
// The network is the article's with one block a stage. Prints a line every twentieth of the way: resident memory of the
// process with all of its threads, JavaScript's heap after a collection, and what arrays outside of the heap take. Fails where
// the last quarter needs over 5 % more than the second.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { resolveRunConfig, trainRun } from 'residua';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '5000' },
    threads: { type: 'string', default: '2' },
    batch: { type: 'string', default: '4' },
  },
});
const [steps, threads, batchSize] = [values.steps, values.threads, values.batch].map(Number);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Sample {
  readonly step: number;
  /** Bytes. */
  readonly resident: number;
  readonly heap: number;
  readonly arrays: number;
}

const samples: Sample[] = [];
function take(step: number): void {
  collectGarbage();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  samples.push({ step, resident: rss, heap: heapUsed, arrays: arrayBuffers });
  const cell = (value: number) => (value / 1e6).toFixed(1).padStart(12);
  console.log(`${String(step).padStart(8)}${[rss, heapUsed, arrayBuffers].map(cell).join('')}`);
}

/** Images trained on and held out; an epoch is a few hundred steps. */
const [images, heldOut] = [2000, 200];
const accumulate = 2;
const stepsPerEpoch = Math.ceil(Math.ceil((images - heldOut) / batchSize) / accumulate);
const config = resolveRunConfig({
  recipe: 'digits',
  limit: images,
  validationImages: heldOut,
  modelOptions: { layers: [1, 1, 1], dropout: 0.1 },
  augment: 'trivial',
  erase: 0.2,
  mixup: 0.2,
  cutmix: 1,
  epochs: Math.ceil(steps / stepsPerEpoch),
  batchSize,
  accumulate,
  clipGradNorm: 1,
  ema: { decay: 0.999, warmUp: true },
  patience: 1000,
  threads,
  logEvery: 20,
  checkpointSeconds: 1,
});
const every = Math.max(1, Math.floor(steps / 20));

const parent = mkdtempSync(join(tmpdir(), 'residua-memory-'));
const begin = performance.now();
try {
  console.log(`    step resident, MB    heap, MB  arrays, MB`);
  const result = await trainRun(config, {
    folder: join(parent, 'run'),
    reporter: {
      start: () => take(0),
      step: ({ step }) => {
        if (step % every === 0) take(step);
      },
    },
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(
    `${result.steps} steps of ${accumulate} x ${batchSize} images and ${result.epochs} validations in ${seconds} s`,
  );
} finally {
  rmSync(parent, { recursive: true, force: true });
}

/** The median over a part of the run, from and to as shares. */
function median(what: 'resident' | 'heap', from: number, to: number): number {
  const last = samples.at(-1)!.step;
  const part = samples.filter(({ step }) => step > from * last && step <= to * last).map((sample) => sample[what]);
  return part.sort((a, b) => a - b)[part.length >> 1];
}
for (const what of ['resident', 'heap'] as const) {
  const [early, late] = [median(what, 0.25, 0.5), median(what, 0.75, 1)];
  const change = late / early - 1;
  const sign = change < 0 ? '' : '+';
  console.log(
    `${what}: ${(early / 1e6).toFixed(1)} MB in the second quarter, ${(late / 1e6).toFixed(1)} MB in the last (${sign}${(100 * change).toFixed(1)} %)`,
  );
  if (change > 0.05) process.exitCode = 1;
}
