// How far rounding alone moves the first losses of a training, in Residua and in PyTorch, from those that PyTorch has in float64:
// what a comparison of two engines by their losses can and can't tell. Run it, where a Python has torch, with
//
//   npm run bench:rounding [-- --model resnet18 --size 64 --channels 3 --classes 1000 --batch 8 --starts 16 --python python3]
//
// Each start takes the same weights and begins with another batch. Prints how far the losses are away, relative to the first:
// once with another batch each step, and once, as `residua bench` compares them, with one batch that comes again.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createResiduaJob } from '../src/cli/bench/residua-job.ts';
import { medianOf } from '../src/cli/bench/statistics.ts';
import { readWorkload, writeWorkload } from '../src/cli/bench/workload.ts';
import { table } from '../src/cli/table.ts';
import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import { type SafeTensor, writeSafetensors } from '../src/formats/safetensors.ts';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet18' },
    size: { type: 'string', default: '64' },
    channels: { type: 'string', default: '3' },
    classes: { type: 'string', default: '1000' },
    batch: { type: 'string', default: '8' },
    starts: { type: 'string', default: '16' },
    python: { type: 'string', default: 'python3' },
  },
});
const [imageSize, inChannels, classes, batchSize, starts] = [
  options.size,
  options.channels,
  options.classes,
  options.batch,
  options.starts,
].map(Number);
const steps = 3;
const workload = writeWorkload({ model: options.model, imageSize, inChannels, classes, batchSize }, true);

interface Losses {
  readonly name: string;
  /** [starts][steps], another batch each step. */
  readonly varied: readonly (readonly number[])[];
  /** [starts][steps], one batch. */
  readonly repeated: readonly (readonly number[])[];
}

/** The losses from a start, and the weights after the first step. */
async function train(start: number, repeated: boolean) {
  const device = await createNodeCpuDevice();
  try {
    const read = readWorkload(workload, 'workload');
    const job = await createResiduaJob(device, read, 'train');
    const losses: number[] = [];
    const updated: [string, SafeTensor][] = [];
    for (let step = 0; step < steps; step++) {
      losses.push(...Array.from(await job.step((repeated ? start : start + step) % job.batches)));
      if (step > 0) continue;
      for (const [name, variable] of read.model.stateDict()) {
        const data = await device.read(variable);
        if (data instanceof Float32Array)
          updated.push([name, { dtype: 'F32', shape: variable.shape, data: data.slice() }]);
      }
    }
    return { losses, updated };
  } finally {
    await device.close();
  }
}

const residua = { name: 'Residua', varied: [] as number[][], repeated: [] as number[][] };
let updated: [string, SafeTensor][] = [];
for (let start = 0; start < starts; start++) {
  const varied = await train(start, false);
  if (start === 0) updated = varied.updated;
  residua.varied.push(varied.losses);
  residua.repeated.push((await train(start, true)).losses);
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'residua-rounding-'));
let lines: string;
try {
  const [file, updatedFile] = [join(folder, 'workload'), join(folder, 'updated')];
  writeFileSync(file, workload);
  writeFileSync(updatedFile, writeSafetensors(updated, [['layers', '[]']]));
  const args = [
    here('rounding.py'),
    here('../src/cli/bench/pytorch.py'),
    file,
    updatedFile,
    String(starts),
    String(steps),
  ];
  lines = execFileSync(options.python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const [exact, ...ways]: Losses[] = lines
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** Median and largest over the starts of how far losses are from float64's, relative to the first; of some steps, the most. */
function away(kind: 'varied' | 'repeated', way: Losses, steps: readonly number[]): string {
  const distances = way[kind].map((losses, start) => {
    const expected = exact[kind][start];
    return Math.max(...steps.map((step) => Math.abs(losses[step] - expected[step]) / expected[0]));
  });
  return [medianOf(distances), Math.max(...distances)].map((distance) => distance.toExponential(1)).join(', ');
}

const head = ['median, largest', 'step 1', 'step 2', 'step 3', 'one batch, all steps'];
const rows = [residua, ...ways].map((way) => [
  way.name,
  ...[0, 1, 2].map((step) => away('varied', way, [step])),
  away('repeated', way, [0, 1, 2]),
]);
console.log(table([head, ...rows], ['left', 'right', 'right', 'right', 'right']));
