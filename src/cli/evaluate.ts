// residua evaluate RUN|WEIGHTS: how good a trained model is on a test set, class by class.

import type { Command } from 'commander';
import type { DeviceName } from '../devices/create-device.node.ts';
import { evaluateRun } from '../train/run/node.ts';
import { evaluationReport } from './evaluation-report.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { addDeviceOptions, datasetName, MOST_IMAGES } from './train-options.ts';
import { ProgressReporter } from './train-reporter.ts';
import { integer } from './values.ts';
import { addWeightsOptions, descriptionOf, type WeightsFlags } from './weights-options.ts';

interface Flags extends WeightsFlags {
  readonly limit?: number;
  readonly batchSize?: number;
  readonly predictions?: boolean;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a trained network')
    .description('Measure a trained network on a test set: accuracy, loss, calibration, each class, confusions.')
    .argument('<run>', 'a run folder, or a file of weights: safetensors, .pth')
    .option('--dataset <name|dir>', 'another one than it was trained on', datasetName)
    .option('--limit <n>', 'only the first n images', integer(1))
    .option('--batch-size <n>', 'images at once; does not change the result', integer(1, MOST_IMAGES))
    .option('--predictions', 'with --json: also what each image is taken for, and how surely');
  addDeviceOptions(addWeightsOptions(command)).action(async (run: string, flags: Flags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const stop = listenForStop(() => line.stop());
    try {
      const { signal } = stop;
      const evaluation = await evaluateRun(run, {
        ...flags,
        ...descriptionOf(flags),
        signal,
        reporter: new ProgressReporter(line),
      });
      line.clear();
      output.answer(evaluation, evaluationReport(evaluation));
    } catch (error) {
      if (error !== stop.signal.reason) throw error;
      process.exitCode = stop.exitCode;
    } finally {
      line.clear();
      stop.dispose();
    }
  });
}
