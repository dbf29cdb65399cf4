// Metrics against scikit-learn's for the same logits, and on a few images against tables made by hand.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { averagePrecision } from './average-precision.ts';
import { Calibration } from './calibration.ts';
import type { Scores } from './class-metrics.ts';
import { WorstMistakes } from './mistakes.ts';
import { MultiLabelMetrics } from './multi-label.ts';
import { argmax, rankOf } from './ranking.ts';
import { RunningMean } from './running-mean.ts';
import { SingleLabelMetrics } from './single-label.ts';

const golden = JSON.parse(readFileSync(new URL('../../../test/golden/metrics.json', import.meta.url), 'utf8'));
const expectClose = (found: readonly (number | null)[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => void expect(value, `[${i}]`).toBeCloseTo(expected[i], 12));
};
const triple = ({ precision, recall, f1 }: Scores) => [precision, recall, f1];
/** Adds all images, some at a time, as an evaluation does it. */
function addInBatches(
  metrics: SingleLabelMetrics | MultiLabelMetrics,
  logits: number[][],
  targets: (number | number[])[],
): void {
  const batch = 33;
  for (let start = 0; start < logits.length; start += batch) {
    const part = logits.slice(start, start + batch);
    const indices = part.map((_, i) => start + i);
    metrics.add(part.flat(), targets.slice(start, start + batch).flat(), indices);
  }
}

describe("scikit-learn's numbers, one class an image", () => {
  const { single } = golden;
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'never'];
  const metrics = new SingleLabelMetrics(names);
  addInBatches(metrics, single.logits, single.labels);
  const result = metrics.result();
  const { perClass } = result;

  it('accuracy, top 5, confusion matrix', () => {
    expectClose([result.accuracy, result.top5], [single.accuracy, single.top5]);
    expect(result.confusion).toEqual(single.confusion);
  });

  it('precision, recall, F1 and support of each class, and their macro average', () => {
    expectClose(
      perClass.map(({ precision }) => precision),
      single.precision,
    );
    expectClose(
      perClass.map(({ recall }) => recall),
      single.recall,
    );
    expectClose(
      perClass.map(({ f1 }) => f1),
      single.f1,
    );
    expect(perClass.map(({ images }) => images)).toEqual(single.images);
    // The class that never comes up has no part in it.
    expectClose(triple(result.macro), single.macro);
  });

  it('the reliability diagram and the calibration error', () => {
    expectClose(
      result.calibration.flatMap(({ images, confidence, accuracy }) => [images, confidence, accuracy]),
      single.bins.flat(),
    );
    expectClose(
      result.calibration.map(({ from }) => from),
      Array.from({ length: 15 }, (_, bin) => bin / 15),
    );
    expectClose([result.ece], [single.ece]);
  });

  it('the worst mistakes, the most confident first', () => {
    const found = result.mistakes.map(({ index, truth, predicted }) => [index, truth, predicted]);
    const expected: number[][] = single.wrong;
    expect(found).toEqual(expected.map(([index, truth, predicted]) => [index, [names[truth]], [names[predicted]]]));
    expectClose(
      result.mistakes.map(({ probability }) => probability),
      expected.map((wrong) => wrong[3]),
    );
  });
});

describe("scikit-learn's numbers, several labels an image", () => {
  const { multi } = golden;
  const metrics = new MultiLabelMetrics(['v', 'w', 'x', 'y', 'z']);
  addInBatches(metrics, multi.logits, multi.targets);
  const result = metrics.result();
  const { perClass } = result;

  it('exact match, accuracy in all and of each label', () => {
    expectClose([result.exactMatch, result.accuracy], [multi.exactMatch, multi.accuracy]);
    expectClose(
      perClass.map(({ accuracy }) => accuracy),
      multi.perLabelAccuracy,
    );
  });

  it('precision, recall, F1 and support of each label; macro and micro averages', () => {
    expectClose(
      perClass.map(({ precision }) => precision),
      multi.precision,
    );
    expectClose(
      perClass.map(({ recall }) => recall),
      multi.recall,
    );
    expectClose(
      perClass.map(({ f1 }) => f1),
      multi.f1,
    );
    expect(perClass.map(({ images }) => images)).toEqual(multi.images);
    expectClose(triple(result.macro), multi.macro);
    expectClose(triple(result.micro), multi.micro);
  });

  it('average precision of each label and their mean, with many equal scores', () => {
    expectClose(
      perClass.map((own) => own.averagePrecision),
      multi.averagePrecision,
    );
    expectClose([result.meanAveragePrecision], [multi.meanAveragePrecision]);
  });

  it('the worst mistakes, by the most confident wrong answer', () => {
    const expected: number[][] = multi.wrong;
    expect(result.mistakes.map(({ index }) => index)).toEqual(expected.map(([index]) => index));
    expectClose(
      result.mistakes.map(({ probability }) => probability),
      expected.map(([, confidence]) => confidence),
    );
    const [{ index, truth, predicted }] = result.mistakes;
    const labels = (yes: (i: number) => boolean) => ['v', 'w', 'x', 'y', 'z'].filter((_, i) => yes(i));
    expect(truth).toEqual(labels((i) => multi.targets[index][i] === 1));
    expect(predicted).toEqual(labels((i) => multi.logits[index][i] > 0));
  });
});

describe('one class an image', () => {
  const logits = [
    [-1, 3, 1.25, 1.25, -2.5, 1],
    [1.5, -1, 1.75, 1.75, 0.75, 1],
    [-0.5, -0.25, 3.5, -1.5, -0.5, 0.25],
    [1.25, 1.5, 2.5, 1, 1.25, 0.75],
    [0.25, -0.5, 0.25, 0, 0.25, 1.25],
    [0.5, 1.75, -1.25, -1, -2.75, -0.5],
    [3.25, -0.75, -1.75, 0, 1.25, -1.25],
    [0.25, 1.75, 2.25, 0.25, 3.25, -2.25],
    [-1, 2.75, 1, 0.5, -0.25, 0],
    [4.75, -1.75, 0, 0, 2, -2],
  ];
  const labels = [4, 3, 2, 2, 0, 0, 0, 0, 1, 4];
  const metrics = new SingleLabelMetrics(['a', 'b', 'c', 'd', 'e', 'f']);
  // In two batches, as an evaluation does it.
  metrics.add(logits.slice(0, 7).flat(), labels.slice(0, 7), [0, 1, 2, 3, 4, 5, 6]);
  metrics.add(logits.slice(7).flat(), labels.slice(7), [7, 8, 9]);
  const result = metrics.result();

  it('the confusion matrix has true classes as rows', () => {
    expect(result.confusion).toEqual([
      [1, 1, 0, 0, 1, 1],
      [0, 1, 0, 0, 0, 0],
      [0, 0, 2, 0, 0, 0],
      [0, 0, 1, 0, 0, 0],
      [1, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
  });

  it('accuracy and top-5 accuracy', () => {
    expect(result.accuracy).toBeCloseTo(0.4, 12);
    expect(result.top5).toBeCloseTo(0.9, 12);
  });

  it('expected calibration error', () => {
    expect(result.ece).toBeCloseTo(0.444227199207558, 12);
  });

  it('precision, recall and F1 of each class; 0 where they are nothing of nothing', () => {
    const { images, accuracy, precision, recall, f1 } = result.perClass[0];
    expect([images, accuracy, recall]).toEqual([4, 0.25, 0.25]);
    expect(precision).toBeCloseTo(1 / 2, 12);
    expect(f1).toBeCloseTo(1 / 3, 12);
    expect(result.perClass[5]).toEqual({
      name: 'f',
      images: 0,
      accuracy: 0,
      precision: 0,
      recall: 0,
      f1: 0,
      averagePrecision: null,
    });
  });
});

describe('several labels an image', () => {
  const logits = [2, -1, 0.5, -1, 3, 2, -2, -1, -0.5, -0.25, 1, -3];
  const targets = [1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0];
  const metrics = new MultiLabelMetrics(['x', 'y', 'z']);
  metrics.add(logits, targets, [0, 1, 2, 3]);
  const result = metrics.result();

  it('accuracy is the share of right decisions, in all and of each label', () => {
    expect(result.accuracy).toBeCloseTo(0.8333333333333334, 12);
    expect(result.perClass.map(({ accuracy }) => accuracy)).toEqual([0.75, 1, 0.75]);
  });

  it('an image is an exact match when all its labels are right', () => {
    expect(result.exactMatch).toBe(0.5);
  });

  it('precision and recall of a label', () => {
    expect(result.perClass[0]).toMatchObject({ images: 2, precision: 1, recall: 0.5 });
    expect(result.perClass[2]).toMatchObject({ images: 1, precision: 0.5, recall: 1 });
  });
});

describe('average precision', () => {
  it('is the mean precision at the images that carry the label', () => {
    // By score: yes, no, yes, no: (1/1 + 2/3) / 2.
    expect(averagePrecision([0.1, 0.9, 0.3, 0.5], [false, true, true, false])).toBeCloseTo(5 / 6, 12);
  });

  it('takes equal scores at once, whatever their order', () => {
    expect(averagePrecision([1, 1, 1, 1], [true, false, false, false])).toBe(0.25);
    expect(averagePrecision([1, 1, 1, 1], [false, false, false, true])).toBe(0.25);
  });

  it('is 0 where nothing can be found', () => {
    expect(averagePrecision([1, 2], [false, false])).toBe(0);
    expect(averagePrecision([], [])).toBe(0);
  });
});

describe('the worst mistakes', () => {
  it('are kept, however many there are, in whatever order they come', () => {
    const worst = new WorstMistakes();
    const names = { truth: ['a'], predicted: ['b'] };
    // 0, 37, 74, 11, ...: a permutation of 0 to 99.
    for (let i = 0; i < 100; i++) {
      const index = (i * 37) % 100;
      worst.add({ index, ...names, probability: index / 100 });
    }
    expect(worst.list.map(({ index }) => index)).toEqual(Array.from({ length: 24 }, (_, i) => 99 - i));
  });
});

describe('ranking', () => {
  it('gives the lower class the better place among equals', () => {
    expect(argmax([9, 1, 2, 2], 1, 3)).toBe(1);
    expect([0, 1, 2].map((label) => rankOf(label, [9, 1, 2, 2], 1, 3))).toEqual([2, 0, 1]);
  });
});

describe('calibration', () => {
  it('is perfect when each confidence is the share of right predictions', () => {
    const calibration = new Calibration();
    for (let i = 0; i < 4; i++) calibration.add(0.75, i < 3);
    for (let i = 0; i < 5; i++) calibration.add(1, true);
    expect(calibration.error).toBe(0);
  });

  it('puts a confidence on the border of two bins into the lower one', () => {
    // 1/3 ends the fifth bin: together with 0.3 it makes one bin, whose gaps cancel.
    const calibration = new Calibration();
    calibration.add(1 / 3, true);
    calibration.add(0.3, false);
    expect(calibration.error).toBeCloseTo(Math.abs(1 / 3 + 0.3 - 1) / 2, 12);
  });
});

describe('a running mean', () => {
  it('weighs batches by their images, and goes on from what it was', () => {
    const mean = new RunningMean();
    expect([mean.loss, mean.accuracy]).toEqual([0, 0]);
    mean.add(2, 1, 3);
    const resumed = new RunningMean(JSON.parse(JSON.stringify(mean)));
    resumed.add(6, 1, 1);
    expect([resumed.loss, resumed.accuracy, resumed.images]).toEqual([3, 0.5, 4]);
    resumed.reset();
    expect(resumed.images).toBe(0);
  });
});
