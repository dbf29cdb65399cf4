// residua compare: plain twins against residual networks, ReLU against sigmoid, with and without batch norm. A folder with a run
// for each, comparison.json and one HTML report; the same command again goes on where it was stopped.

import { join } from 'node:path';
import type { Command } from 'commander';
import { activationNames } from '../nn/index.ts';
import {
  type ComparedNetwork,
  type CompareProgress,
  type CompareReporter,
  type CompareResult,
  type CompareSettings,
  compareNetworks,
  compareDefaults as defaults,
} from '../train/compare/node.ts';
import { optimizerNames, type StepProgress, scheduleNames } from '../train/index.ts';
import { comparisonReport, networkLine, stoppedComparison } from './compare-report.ts';
import { clock, counted, duration, percent } from './format.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { progressBar } from './progress-bar.ts';
import { listenForStop } from './stop-signal.ts';
import { addDeviceOptions, datasetName } from './train-options.ts';
import { ProgressReporter } from './train-reporter.ts';
import { commandAsTyped } from './typed-command.ts';
import { integer, listOf, number, oneOf, text } from './values.ts';

interface Flags extends CompareSettings {
  readonly out?: string;
}

const batchNormChoices = ['both', 'with', 'without'] as const satisfies readonly CompareSettings['batchNorm'][];

export function addCompare(program: Command): void {
  const names = (list: readonly string[]) => list.join(', ');
  const command = program
    .command('compare')
    .summary('plain against residual networks')
    .description(
      'Train plain twins against residual networks, ReLU against sigmoid, with and without batch norm, and write one HTML report of what was claimed and what was measured. The same command again goes on with what was stopped.',
    )
    .option('--depths <list>', `layers, 6n + 2 each (default: ${defaults.depths})`, listOf(integer(8, 10_000)))
    .option(
      '--activations <list>',
      `of ${names(activationNames)} (default: ${defaults.activations})`,
      listOf(oneOf(activationNames)),
    )
    .option(
      '--batch-norm <which>',
      `${names(batchNormChoices)} (default: ${defaults.batchNorm})`,
      oneOf(batchNormChoices),
    )
    .option('--dataset <name|dir>', `what to train on (default: ${defaults.dataset})`, datasetName)
    .option(
      '--limit <n>',
      `only the first n images of the training and of the test set, or all (default: ${defaults.limit})`,
      limit,
    )
    .option('--epochs <n>', `passes over them (default: ${defaults.epochs})`, integer(1, 1_000_000))
    .option('--batch-size <n>', `images at once (default: ${defaults.batchSize})`, integer(1, 65_536))
    .option('--optimizer <name>', `${names(optimizerNames)} (default: ${defaults.optimizer})`, oneOf(optimizerNames))
    .option('--lr <x>', `the largest learning rate (default: ${defaults.lr})`, number({ min: 0 }))
    .option(
      '--schedule <name>',
      `of the learning rate: ${names(scheduleNames)} (default: ${defaults.schedule})`,
      oneOf(scheduleNames),
    )
    .option('--seed <n>', `of first weights, order and augmentation (default: ${defaults.seed})`, integer(0))
    .option('--out <dir>', 'the folder (default: runs/compare-DATASET-DEPTHS)', text);
  addDeviceOptions(command).action(async ({ out, ...settings }: Flags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const stop = listenForStop(() => {
      line.stop();
      process.stderr.write('Stopping after this step, and saving.\n');
    });
    const { dataset = defaults.dataset, depths = defaults.depths } = settings;
    const name = ['compare', dataset.replace(/^.*[\\/](?=.)|[\\/]$/g, ''), ...depths].join('-');
    try {
      const result = await compareNetworks(settings, {
        folder: out ?? join('runs', name),
        command: commandAsTyped(),
        signal: stop.signal,
        reporter: new CompareLines(line),
      });
      line.clear();
      end(result, output, line, stop.exitCode);
    } finally {
      line.clear();
      stop.dispose();
    }
  });
}

function end(result: CompareResult, output: Output, line: LiveLine, exitCode: number): void {
  if (result.status === 'finished') {
    output.answer(result, comparisonReport(result));
    return;
  }
  if (output.json) output.line(result);
  process.stderr.write(`${stoppedComparison(result, line.screen)}\n`);
  process.exitCode = exitCode;
}

function limit(value: string): number | 'all' {
  return value === 'all' ? value : integer(1)(value);
}

/** Where a comparison is: a bar for the network under way, a line for each that is done. */
class CompareLines extends ProgressReporter implements CompareReporter {
  #network = '';
  #place = 0;
  #of = 0;
  #left = 0;

  compared({ networks, done, secondsLeft }: CompareProgress): void {
    const waiting = networks.filter(({ state }) => state === 'waiting').length;
    [this.#of, this.#place, this.#left] = [networks.length, networks.length - waiting, secondsLeft];
    if (done) this.line.log(networkLine(done, this.line.screen));
    else if (waiting > 0) {
      const begun =
        waiting === networks.length
          ? counted(waiting, 'network')
          : `${waiting} of ${counted(this.#of, 'network')} are left`;
      this.line.log(`${begun}: roughly ${duration(secondsLeft)} on two cores`);
    }
  }

  network({ id }: ComparedNetwork): void {
    this.#network = id;
  }

  step({ step, steps, loss, accuracy, imagesPerSecond }: StepProgress): void {
    this.line.update((width) => {
      const fields = [
        `${this.#place + 1} of ${this.#of}`,
        `loss ${loss.toFixed(3)}`,
        `acc ${percent(accuracy, 1)}`,
        `all in ${clock(this.#left)}`,
        `${Math.round(imagesPerSecond)} img/s`,
      ];
      return progressBar({ fraction: step / steps, label: this.#network, fields }, width, this.line.screen);
    });
  }
}
