// residua evaluate RUN|WEIGHTS: how good a trained model is on a test set, class by class.

import type { Command } from 'commander';
import type { DeviceName } from '../devices/create-device.node.ts';
import type { Evaluation } from '../train/index.ts';
import { evaluateRun } from '../train/run/node.ts';
import { count, counted, duration, percent } from './format.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { table } from './table.ts';
import type { Screen } from './terminal.ts';
import { addDeviceOptions, datasetName } from './train-options.ts';
import { ProgressReporter } from './train-reporter.ts';
import { integer } from './values.ts';

/** A wider confusion matrix is no longer read by eye; --json has it whole. */
const LARGEST_MATRIX = 20;

const scores = ['accuracy', 'precision', 'recall', 'f1'] as const;

interface Flags {
  readonly dataset?: string;
  readonly limit?: number;
  readonly batchSize?: number;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a trained network')
    .description('Measure a trained network on a test set: accuracy, loss, calibration, each class, confusions.')
    .argument('<run>', 'a run folder, or the model.safetensors of one')
    .option('--dataset <name|dir>', 'another one than it was trained on', datasetName)
    .option('--limit <n>', 'only the first n images', integer(1))
    .option('--batch-size <n>', 'images at once; does not change the result', integer(1, 65_536));
  addDeviceOptions(command).action(async (run: string, flags: Flags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const stop = listenForStop(() => line.stop());
    try {
      const { signal } = stop;
      const evaluation = await evaluateRun(run, { ...flags, signal, reporter: new ProgressReporter(line) });
      line.clear();
      output.answer(evaluation, report(evaluation));
    } catch (error) {
      if (error !== stop.signal.reason) throw error;
      process.exitCode = stop.exitCode;
    } finally {
      line.clear();
      stop.dispose();
    }
  });
}

const report = (evaluation: Evaluation) => (screen: Screen) => {
  const { accuracy, top5, loss, ece, exactMatch, images, seconds, perClass, confusion } = evaluation;
  const share = (value: number | null) => (value === null ? [] : [percent(value)]);
  const summary = [
    ['accuracy', screen.paint('bold', percent(accuracy))],
    ['top 5', ...share(top5)],
    ['all labels right', ...share(exactMatch)],
    ['loss', loss.toFixed(4)],
    ['calibration error', ...share(ece)],
    ['images', `${count(images)} in ${duration(seconds)}, ${count(Math.round(images / seconds))} img/s`],
  ].filter((row) => row.length > 1);
  const dim = (texts: readonly string[]) => texts.map((text) => screen.paint('dim', text));
  // With one class an image, the recall of a class is its accuracy.
  const columns = exactMatch === null ? (['accuracy', 'precision', 'f1'] as const) : scores;
  const head = dim(['class', 'images', ...columns]);
  const classes = perClass.map((own) => [
    own.name,
    count(own.images),
    ...columns.map((column) => percent(own[column])),
  ]);
  return [
    table(summary),
    '',
    table([head, ...classes], ['left', ...head.slice(1).map(() => 'right' as const)]),
    ...(confusion && confusion.length <= LARGEST_MATRIX ? ['', matrix(confusion, perClass, screen)] : []),
  ].join('\n');
};

function matrix(confusion: readonly (readonly number[])[], classes: Evaluation['perClass'], screen: Screen): string {
  const names = classes.map(({ name }) => (name.length > 8 ? name.slice(0, 8) : name));
  const rows = confusion.map((row, truth) => [
    names[truth],
    ...row.map((images, predicted) => {
      if (images === 0) return screen.paint('dim', '.');
      return truth === predicted ? screen.paint('green', count(images)) : screen.paint('red', count(images));
    }),
  ]);
  const head = ['', ...names].map((name) => screen.paint('dim', name));
  const mistakes = confusion.reduce(
    (sum, row, truth) => sum + row.reduce((s, n, c) => (c === truth ? s : s + n), 0),
    0,
  );
  const title = `${counted(mistakes, 'mistake')}. Rows: what it is; columns: what it is taken for`;
  return [title, table([head, ...rows], ['left', ...names.map(() => 'right' as const)])].join('\n');
}
