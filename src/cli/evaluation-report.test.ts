// What people read of an evaluation, from metrics of a few predictions.

import { describe, expect, it } from 'vitest';
import { multiLabel, singleLabel } from '../train/index.ts';
import { evaluationReport } from './evaluation-report.ts';
import type { Screen } from './terminal.ts';

const screen = (width: number): Screen => ({ interactive: false, width, unicode: true, paint: (_, text) => text });

/** @param pairs [true class, predicted class] an image */
function report(names: readonly string[], pairs: readonly [number, number][], width = 80): string {
  const metrics = singleLabel().metrics(names);
  const logits = pairs.flatMap(([, predicted]) => names.map((_, c) => (c === predicted ? 4 : 0)));
  metrics.add(
    logits,
    pairs.map(([truth]) => truth),
    pairs.map((_, i) => i),
  );
  return evaluationReport({ ...metrics.result(), loss: 0.25, images: pairs.length, seconds: 2 })(screen(width));
}

const numbered = (length: number, name = 'class') => Array.from({ length }, (_, i) => `${name} ${i}`);

describe('one class an image', () => {
  it('has the figures, each class, the matrix and the worst mistakes', () => {
    const text = report(
      ['cat', 'dog'],
      [
        [0, 0],
        [0, 1],
        [1, 1],
        [1, 1],
      ],
    );
    expect(text).toMatch(/^accuracy +75\.00 % \(3 of 4 images\)$/m);
    // softmax of (4, 0) is 0.98201: sure of that, right in 75 %.
    expect(text).toMatch(/^calibration error +23\.20 % \(sure of 98\.20 % on average\)$/m);
    expect(text).toMatch(/^dog +2 +66\.67 % +100\.00 % +80\.00 %$/m);
    expect(text).toMatch(/^1 mistake\. Rows.*\n +cat +dog\ncat +1 +1\ndog +\. +2$/m);
    expect(text).toMatch(/^ +image 1 +cat taken for dog +98\.20 %$/m);
    expect(text).not.toMatch(/micro|all labels right|AP/);
  });

  it('numbers the columns of a matrix that would be too wide', () => {
    const names = numbered(10, 'a long name');
    const text = report(names, [[3, 7]]);
    expect(text).toMatch(/^ +0 +1 +2 +3 .* 9$/m);
    expect(text).toMatch(/^3 +a long name 3 /m);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(report(names, [[3, 7]], 200)).not.toMatch(/^ +0 +1 +2/m);
  });

  it('lists the most frequent confusions where there are too many classes for a matrix', () => {
    const text = report(numbered(100), [
      [8, 3],
      [5, 6],
      [5, 6],
      [1, 1],
    ]);
    expect(text).toMatch(/^3 mistakes\. The most frequent ones\n +class 5 +taken for +class 6 +2\n +class 8 /m);
  });

  it('says when nothing is wrong', () => {
    const text = report(['cat', 'dog'], [[1, 1]]);
    expect(text).toContain('No mistake in 1 image');
    expect(text).not.toContain('Most sure and wrong');
  });

  it('shortens names that go on and on', () => {
    expect(report([`a${'h'.repeat(60)}`, 'b'], [[0, 1]])).toMatch(/^ah{13}\.\. +1 /m);
  });
});

it('several labels an image: exact matches, averages, no matrix', () => {
  const metrics = multiLabel().metrics(['sun', 'sea']);
  metrics.add([2, 3, -1, -2], [1, 1, 1, 0], [0, 1]);
  const text = evaluationReport({ ...metrics.result(), loss: 0.25, images: 2, seconds: 2 })(screen(80));
  expect(text).toMatch(/^accuracy +75\.00 %$/m);
  expect(text).toMatch(/^all labels right +50\.00 %$/m);
  expect(text).toMatch(/^mean average precision +100\.00 %$/m);
  expect(text).toMatch(/^class +images +accuracy +precision +recall +f1 +AP$/m);
  expect(text).toMatch(/^ +image 1 +sun taken for nothing +73\.11 %$/m);
  expect(text).not.toContain('top 5');
});
