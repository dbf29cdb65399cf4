// What `residua train` says at its end: how good the model is, where it errs, the loss curve, where the files are, and
// what to type next.

import { relative } from 'node:path';
import type { Evaluation } from '../train/index.ts';
import type { RunResult, SeedRun, SeedsResult } from '../train/run/node.ts';
import { count, counted, duration, percent } from './format.ts';
import { lossCurve } from './loss-curve.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';
import { programAsTyped, quote } from './typed-command.ts';
import { columnsOf } from './wrap.ts';

const HARDEST = 3;
const WIDEST_CURVE = 80;

export const trainReport = (result: RunResult) => (screen: Screen) => {
  const { test, log, images, trainSeconds, imagesPerSecond, seconds } = result;
  const curve = lossCurve(log, { width: Math.min(WIDEST_CURVE, screen.width - 1) }, screen);
  return [
    ...(curve === '' ? [] : ['', 'Training loss', curve]),
    '',
    ...bestEpoch(result),
    ...(test === null ? [] : quality(test, screen)),
    `Trained on ${counted(images, 'image')} in ${duration(trainSeconds)}, ${count(Math.round(imagesPerSecond))} img/s; the command took ${duration(seconds)}`,
    '',
    ...whereAndNext(result, screen),
  ].join('\n');
};

/** With early stopping: which weights these are, and how the run came to its end. */
function bestEpoch({ best, epochs, config }: RunResult): string[] {
  if (best === null) return [];
  const end = epochs < config.epochs ? `stopped early, after ${epochs} of ${counted(config.epochs, 'epoch')}` : '';
  const measured = `validation ${percent(best.accuracy)}, loss ${best.loss.toFixed(4)}`;
  return [[`Weights of epoch ${best.epoch}, the best: ${measured}`, end].filter(Boolean).join('; ')];
}

function quality(test: Evaluation, screen: Screen): string[] {
  const right = Math.round(test.accuracy * test.images);
  const share =
    test.exactMatch === null
      ? ` (${count(right)} of ${counted(test.images, 'image')})`
      : ` of all labels, ${percent(test.exactMatch)} of ${counted(test.images, 'image')} with all labels right`;
  const hardest = hardestClasses(test);
  return [
    `${screen.paint('bold', `Test accuracy ${percent(test.accuracy)}`)}${share}, loss ${test.loss.toFixed(4)}`,
    ...(hardest.length === 0 ? [] : ['Hardest classes', indent(table(hardest, ['left', 'right']))]),
  ];
}

/** The classes with the most mistakes for their size, and what they are mostly taken for: a row each. */
function hardestClasses({ perClass, confusion }: Evaluation): string[][] {
  return perClass
    .map((metrics, c) => ({ ...metrics, c }))
    .filter(({ images, accuracy }) => images > 0 && accuracy < 1)
    .sort((a, b) => a.accuracy - b.accuracy)
    .slice(0, HARDEST)
    .map(({ name, images, accuracy, c }) => {
      const row = [name, `${percent(accuracy)} right`];
      if (confusion === null) return row;
      const mistakes = confusion[c].map((taken, other) => (other === c ? 0 : taken));
      const most = Math.max(...mistakes);
      return [...row, `${count(most)} of ${count(images)} taken for ${perClass[mistakes.indexOf(most)].name}`];
    });
}

/** Of a run that was stopped. */
export function stoppedReport({ folder, steps }: RunResult, screen: Screen): string {
  const path = fromHere(folder);
  const command = `${programAsTyped()} train --resume ${quote(path)}`;
  return [
    `Stopped after step ${count(steps)}; everything is saved in ${path}`,
    `Go on with ${screen.paint('cyan', command)}`,
  ].join('\n');
}

/** After one of several runs. */
export function seedLine({ seed, accuracy, loss }: SeedRun, screen: Screen): string {
  return screen.paint('bold', `Seed ${seed}: test accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`);
}

/** Of several runs: each, and what they come to together. */
export const seedsReport =
  ({ folder, runs, accuracy, loss }: SeedsResult) =>
  (screen: Screen) => {
    const head = ['seed', 'test accuracy', 'loss', 'time'].map((title) => screen.paint('dim', title));
    const rows = runs.map((run) => [
      String(run.seed),
      percent(run.accuracy),
      run.loss.toFixed(4),
      duration(run.seconds),
    ]);
    const right = head.map(() => 'right' as const);
    const together = `${percent(accuracy!.mean)} +- ${percent(accuracy!.std)}`;
    return [
      '',
      table([head, ...rows], right),
      '',
      `${screen.paint('bold', `Test accuracy ${together}`)}, loss ${loss!.mean.toFixed(4)} +- ${loss!.std.toFixed(4)} (mean and standard deviation of ${runs.length} seeds)`,
      `A folder a seed in ${fromHere(folder)}`,
    ].join('\n');
  };

export function stoppedSeedsReport({ folder, runs, seeds }: SeedsResult, screen: Screen): string {
  const command = `${programAsTyped()} train --resume ${quote(fromHere(folder))}`;
  return [
    `Stopped with ${runs.length} of ${counted(seeds.length, 'run')} finished; everything is saved in ${fromHere(folder)}`,
    `Go on with ${screen.paint('cyan', command)}`,
  ].join('\n');
}

function whereAndNext({ folder, files, config }: RunResult, screen: Screen): string[] {
  const path = fromHere(folder);
  const name = (file: string) => relative(folder, file);
  const kept = [
    [name(files.model), 'weights, class names, preprocessing'],
    [name(files.checkpoint), 'what it takes to go on; beside it the one before'],
    [name(files.metrics), 'a line a log point: loss, accuracy, speed'],
    [name(files.report), 'all of it on one page: open it in a browser'],
    [name(files.lossCurve), 'the loss curve'],
    [name(files.config), 'every setting'],
    [name(files.result), 'what the run came to'],
  ];
  const next = [
    [`evaluate ${quote(path)}`, 'class by class'],
    [`train --recipe ${config.recipe === 'article' ? 'digits' : 'article'} --epochs 1`, 'other settings'],
    [`models ${config.model}`, 'layer by layer'],
  ].map(([command, what]) => [screen.paint('cyan', `${programAsTyped()} ${command}`), what]);
  const columns = columnsOf(screen) - 2;
  return [`Files in ${path}`, indent(table(kept, [], columns)), '', 'Next', indent(table(next, [], columns))];
}

/** Short for a folder below this one. */
function fromHere(folder: string): string {
  const path = relative('', folder);
  return path.startsWith('..') ? folder : path;
}
