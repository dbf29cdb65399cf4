// residua doctor: what this machine gives to training, whether kernels compute rightly here, and what to do about what is
// missing.

import os from 'node:os';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { catalog } from '../data/index.ts';
import { detectFeatures, type Features } from '../devices/cpu/features.ts';
import { prepareV8 } from '../devices/cpu/v8-flags.node.ts';
import { createDevice } from '../devices/create-device.node.ts';
import { version } from '../version.ts';
import { findDataset } from './data-state.ts';
import { bytes } from './format.ts';
import { Output } from './output.ts';
import { SELF_CHECK_BOUND, selfCheck } from './self-check.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';

/** Of the article's network at batch 64, with the data set in memory and room to spare. */
const COMFORTABLE_MEMORY = 1e9;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('examine this machine')
    .description('Examine this machine: cores, SIMD, memory, data, versions; checks a training step against float64.')
    .action(async (_flags: object, command: Command) => {
      const report = await examine();
      new Output(command).answer(report, show(report));
    });
}

type Report = Awaited<ReturnType<typeof examine>>;

async function examine() {
  const settings = prepareV8();
  const features = detectFeatures();
  const cpus = os.cpus();
  const threads = features.threads ? os.availableParallelism() : 1;
  const memory = { totalBytes: process.constrainedMemory() || os.totalmem(), freeBytes: process.availableMemory() };
  // Where there is no limit, the kernel's answer is larger than any memory.
  memory.totalBytes = Math.min(memory.totalBytes, os.totalmem());
  const data = catalog.map((entry) => {
    const { train, test } = findDataset(entry);
    return {
      name: entry.name,
      found: train.found !== null && test.found !== null,
      train: train.found?.directory ?? null,
      test: test.found?.directory ?? null,
    };
  });
  const cpu = await checkCpu();
  return {
    versions: { residua: version, node: process.versions.node, v8: process.versions.v8 },
    platform: `${process.platform} ${process.arch}`,
    processor: { model: cpus[0]?.model.trim() ?? 'unknown', cores: cpus.length },
    threads,
    simd: features.simd,
    relaxedSimd: features.relaxedSimd,
    fusedMultiplyAdd: features.fusedMultiplyAdd,
    wideVectors: features.wideVectors,
    sharedMemory: features.threads,
    v8Settings: settings,
    memory,
    devices: {
      cpu,
      gpu: { available: false, problem: 'this version has no GPU device' },
      reference: { available: true, problem: null },
    },
    data,
    advice: advise(features, settings, cpu.problem, memory.freeBytes, data),
  };
}

/** Whether the cpu device works and computes rightly. */
async function checkCpu() {
  try {
    const device = await createDevice('cpu');
    try {
      const difference = await selfCheck(device);
      const right = difference <= SELF_CHECK_BOUND;
      const problem = right ? null : `it is ${difference.toExponential(1)} away from float64`;
      return { available: right, difference, problem };
    } finally {
      await device.close();
    }
  } catch (error) {
    // Whatever it is: to find out what doesn't work here is what this command is for.
    return { available: false, difference: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

function advise(
  features: Features,
  settings: readonly string[],
  cpuProblem: string | null,
  freeBytes: number,
  data: readonly { name: string; found: boolean }[],
): string[] {
  const advice: string[] = [];
  const say = (when: boolean, text: string) => {
    if (when) advice.push(text);
  };
  say(!features.simd, 'This engine has no WebAssembly SIMD: run a Node of version 20.19 or later on x64 or arm64.');
  say(
    features.simd && !features.relaxedSimd,
    'No relaxed SIMD, so no fused multiply-add: training is slower. Run Residua with a plain `node`, best of version 22 or later.',
  );
  say(
    features.relaxedSimd && !features.fusedMultiplyAdd,
    'This processor has no fused multiply-add (or it is hidden from this virtual machine): training is slower.',
  );
  say(
    !features.wideVectors && process.arch === 'x64' && Number.parseInt(process.versions.node, 10) < 24,
    'Vectors of 128 bits: on a processor with AVX2, Node 24 or later computes on 256 and trains faster. ' +
      `Try it without installing it: npx -y node@24 ${relative('', process.argv[1])} bench --train`,
  );
  say(!features.threads, 'No shared memory: training runs on one thread. Run without --no-harmony-sharedarraybuffer.');
  say(settings.length === 0, 'The WebAssembly compiler could not be set for speed: run Residua with a plain `node`.');
  say(
    features.simd && cpuProblem !== null,
    `Do not trust the cpu device here (${cpuProblem}): please report it with this output. --device reference computes rightly, slowly.`,
  );
  say(
    freeBytes < COMFORTABLE_MEMORY,
    `Only ${bytes(freeBytes)} of memory are free: close other programs, or train with a smaller --batch-size.`,
  );
  const missing = data.filter(({ found }) => !found).map(({ name }) => name);
  say(missing.length > 0, `Downloaded at first use: ${missing.join(', ')}.`);
  return advice;
}

const show = (report: Report) => (screen: Screen) => {
  const yes = (value: boolean, why = '') =>
    value
      ? `${screen.paint('green', 'yes')}${why && `, ${why}`}`
      : `${screen.paint('yellow', 'no')}${why && `: ${why}`}`;
  const { versions, processor, memory, devices, data, advice } = report;
  const fused = report.fusedMultiplyAdd ? 'with fused multiply-add' : 'without fused multiply-add';
  const checked = devices.cpu.difference?.toExponential(1);
  return [
    table([
      ['Residua', versions.residua],
      ['Node', `${versions.node} (V8 ${versions.v8}), ${report.platform}`],
      ['processor', `${processor.model}, ${processor.cores} cores`],
      ['memory', `${bytes(memory.freeBytes)} free of ${bytes(memory.totalBytes)}`],
      ['threads', String(report.threads)],
      ['SIMD', yes(report.simd)],
      ['relaxed SIMD', report.relaxedSimd ? yes(true, fused) : yes(false)],
      ['wide vectors', report.wideVectors ? yes(true, '256 bits at a time') : yes(false, '128 bits at a time')],
      [
        'cpu device',
        yes(devices.cpu.available, devices.cpu.problem ?? `a training step is within ${checked} of float64`),
      ],
      ['GPU', yes(devices.gpu.available, devices.gpu.problem)],
      ...data.map(({ name, found, train }) => [name, yes(found, found ? `in ${train}` : 'not on this machine')]),
    ]),
    '',
    advice.length === 0 ? screen.paint('green', 'Everything is here.') : screen.paint('bold', 'Advice'),
    ...advice.map((line) => indent(line)),
  ].join('\n');
};
