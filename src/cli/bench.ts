// residua bench: images a second in training and inference, for any model, beside whatever peers are installed.

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type DeviceName, deviceNames } from '../devices/create-device.node.ts';
import { findModel } from '../models/index.ts';
import { measure } from './bench/measure.node.ts';
import type { BenchPlan } from './bench/plan.ts';
import { report } from './bench/report.ts';
import { LiveLine } from './live-line.ts';
import { modelName } from './model-name.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { MOST_IMAGES, MOST_THREADS } from './train-options.ts';
import { integer, listOf, oneOf, text } from './values.ts';

interface Flags {
  readonly model: string;
  readonly size?: number;
  readonly channels?: number;
  readonly classes?: number;
  readonly batchSize: readonly number[];
  readonly train?: boolean;
  readonly infer?: boolean;
  readonly threads?: readonly number[];
  readonly device: DeviceName;
  readonly strict?: boolean;
  readonly steps: number;
  readonly turns: number;
  readonly warmup: number;
  readonly peers?: boolean;
  readonly python?: string;
  readonly profile?: boolean;
  readonly memorySteps: number;
}

export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .summary('measure the speed here')
    .description(
      'Measure images a second in training and inference. With --peers, Residua, PyTorch and onnxruntime-node take turns ' +
        'on the same network, weights and images, each in a process of its own.',
    );
  command
    .optionsGroup('What to measure:')
    .option('--model <name>', 'one of those that residua models lists', modelName, 'article-resnet')
    .option('--size <n>', "height and width of the images (default: the model's own)", integer(1, 4096))
    .option('--channels <n>', "of the images: 1 is grey, 3 is colour (default: the model's own)", integer(1, 1024))
    .option('--classes <n>', "what the model tells apart (default: the model's own)", integer(1, 100_000))
    .option('--batch-size <n,..>', 'images a step', listOf(integer(1, MOST_IMAGES)), [32])
    .option('--train', 'training steps: forward, loss, backward, Adam (default: both)')
    .option('--infer', 'inference, batch norms folded (default: both)')
    .option('--peers', 'PyTorch and onnxruntime-node too, where they are installed')
    .option('--python <path>', 'a Python that has torch', text);
  command
    .optionsGroup('How to measure:')
    .option('--steps <n>', 'timed steps of each contestant', integer(1, 1_000_000), 30)
    .option('--turns <n>', 'in which they are taken, one contestant after the other', integer(1, 1000), 5)
    .option('--warmup <n>', 'steps before anything is timed', integer(0, 1_000_000), 10)
    .option('--profile', 'where the time of a step goes, kernel by kernel')
    .option('--memory-steps <n>', 'further steps during which the memory is watched', integer(0, 10_000_000), 0);
  command
    .optionsGroup('Where to compute:')
    .option('--device <name>', deviceNames.join(', '), oneOf(deviceNames), 'auto')
    .option('--threads <n,..>', 'one measurement each (default: one a core)', listOf(integer(1, MOST_THREADS)))
    .option('--strict', 'without relaxed SIMD: the same bits on every machine')
    .action(async (flags: Flags) => {
      const output = new Output(command);
      const line = new LiveLine(process.stderr);
      const stop = listenForStop(() => line.stop());
      try {
        const onProgress = (what: string) => line.update((width) => what.slice(0, width));
        const result = await measure(planOf(flags), { onProgress, signal: stop.signal });
        line.clear();
        output.answer(result, report(result));
      } catch (error) {
        // What fails after Ctrl-C, fails because of it.
        if (!stop.signal.aborted) throw error;
        process.exitCode = stop.exitCode;
      } finally {
        line.clear();
        stop.dispose();
      }
    });
}

function planOf(flags: Flags): BenchPlan {
  const { train, infer, steps } = flags;
  const { inChannels, imageSize, classes } = findModel(flags.model);
  return {
    model: flags.model,
    inChannels: flags.channels ?? inChannels,
    imageSize: flags.size ?? imageSize,
    classes: flags.classes ?? classes,
    modes: train === infer ? ['train', 'infer'] : train ? ['train'] : ['infer'],
    batchSizes: flags.batchSize,
    threads: flags.threads ?? [availableParallelism()],
    device: flags.device,
    strict: flags.strict ?? false,
    steps,
    turns: Math.min(flags.turns, steps),
    warmup: flags.warmup,
    peers: flags.peers ?? false,
    python: flags.python,
    memorySteps: flags.memorySteps,
    profile: flags.profile ?? false,
  };
}
