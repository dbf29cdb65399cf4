// What `residua evaluate` says to people: the figures of the whole set, each class, what is taken for what, and the images to
// look at first.

import { type Evaluation, meanConfidence } from '../train/index.ts';
import { count, counted, duration, percent } from './format.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';

/** A wider confusion matrix is no longer read by eye; --json has it whole. */
const LARGEST_MATRIX = 12;
const CONFUSIONS = 10;
const MISTAKES = 5;
const LONGEST_NAME = 16;

export const evaluationReport = (evaluation: Evaluation) => (screen: Screen) =>
  [
    summary(evaluation, screen),
    classes(evaluation, screen),
    confusions(evaluation, screen),
    mistakes(evaluation, screen),
  ]
    .filter((part) => part !== '')
    .join('\n\n');

function summary(evaluation: Evaluation, screen: Screen): string {
  const { accuracy, top5, loss, ece, calibration, exactMatch, meanAveragePrecision, macro, micro } = evaluation;
  const { images, seconds } = evaluation;
  const right = exactMatch === null ? ` (${count(Math.round(accuracy * images))} of ${counted(images, 'image')})` : '';
  const rows: (string | null)[][] = [
    ['accuracy', `${screen.paint('bold', percent(accuracy))}${right}`],
    ['all labels right', maybe(exactMatch, percent)],
    ['top 5', maybe(top5, percent)],
    ['loss', loss.toFixed(4)],
    ['macro F1', percent(macro.f1)],
    ['micro F1', maybe(micro, ({ f1 }) => percent(f1))],
    ['mean average precision', maybe(meanAveragePrecision, percent)],
    [
      'calibration error',
      maybe(ece, (error) => `${percent(error)} (sure of ${percent(meanConfidence(calibration ?? []))} on average)`),
    ],
    ['images', `${count(images)} in ${duration(seconds)}, ${count(Math.round(images / seconds))} img/s`],
  ];
  return table(rows.filter((row): row is string[] => row[1] !== null));
}

const maybe = <Value>(value: Value | null, text: (value: Value) => string) => (value === null ? null : text(value));

/** A row each. With one class an image, the recall of a class is its accuracy. */
function classes({ perClass, exactMatch }: Evaluation, screen: Screen): string {
  const columns = exactMatch === null ? ['precision', 'recall', 'f1'] : ['accuracy', 'precision', 'recall', 'f1', 'AP'];
  const rows = perClass.map(({ name, images, accuracy, precision, recall, f1, averagePrecision }) => {
    const scores = [precision, recall, f1];
    const shares = averagePrecision === null ? scores : [accuracy, ...scores, averagePrecision];
    return [shorten(name), count(images), ...shares.map((share) => percent(share))];
  });
  const head = ['class', 'images', ...columns].map((text) => screen.paint('dim', text));
  return table([head, ...rows], ['left', ...head.slice(1).map(() => 'right' as const)]);
}

function confusions({ confusion, perClass, images }: Evaluation, screen: Screen): string {
  if (confusion === null) return '';
  const names = perClass.map(({ name }) => shorten(name));
  const cells = confusion.flatMap((row, truth) => row.map((images, predicted) => ({ truth, predicted, images })));
  const wrong = cells.filter(({ truth, predicted, images }) => truth !== predicted && images > 0);
  const total = wrong.reduce((sum, { images }) => sum + images, 0);
  if (total === 0) return `No mistake in ${counted(images, 'image')}`;
  if (names.length <= LARGEST_MATRIX) {
    return `${counted(total, 'mistake')}. Rows: what it is; columns: what it is taken for\n${matrix(confusion, names, screen)}`;
  }
  const worst = wrong.sort((a, b) => b.images - a.images).slice(0, CONFUSIONS);
  const rows = worst.map(({ truth, predicted, images }) => [
    names[truth],
    'taken for',
    names[predicted],
    count(images),
  ]);
  return `${counted(total, 'mistake')}. The most frequent ones\n${indent(table(rows, ['left', 'left', 'left', 'right']))}`;
}

/** Columns are numbered where the names would not fit on the screen. */
function matrix(confusion: readonly (readonly number[])[], names: readonly string[], screen: Screen): string {
  const rows = confusion.map((row, truth) =>
    row.map((images, predicted) => {
      if (images === 0) return screen.paint('dim', '.');
      return screen.paint(truth === predicted ? 'green' : 'red', count(images));
    }),
  );
  const right = names.map(() => 'right' as const);
  const dim = (texts: readonly string[]) => texts.map((text) => screen.paint('dim', text));
  const named = table([['', ...dim(names)], ...rows.map((row, c) => [names[c], ...row])], ['left', ...right]);
  const width = Math.max(...confusion.map((_, c) => names[c].length)) + 2;
  const needed = width + names.reduce((sum, name) => sum + Math.max(name.length, 5) + 2, 0);
  if (needed <= screen.width || names.every((name) => name.length <= 2)) return named;
  const numbers = names.map((_, c) => String(c));
  return table(
    [['', '', ...dim(numbers)], ...rows.map((row, c) => [screen.paint('dim', numbers[c]), names[c], ...row])],
    ['right', 'left', ...right],
  );
}

function mistakes({ mistakes }: Evaluation, screen: Screen): string {
  if (mistakes.length === 0) return '';
  const list = (labels: readonly string[]) => (labels.length === 0 ? 'nothing' : labels.map(shorten).join(' + '));
  const rows = mistakes
    .slice(0, MISTAKES)
    .map(({ index, file, truth, predicted, probability }) => [
      screen.paint('dim', file ?? `image ${count(index)}`),
      `${list(truth)} taken for ${list(predicted)}`,
      percent(probability),
    ]);
  return `Most sure and wrong\n${indent(table(rows, ['left', 'left', 'right']))}`;
}

const shorten = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 2)}..` : name);
