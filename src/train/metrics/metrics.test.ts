// Metrics on a few images, against numbers that NumPy and PyTorch gave for the same logits.

import { describe, expect, it } from 'vitest';
import { CalibrationError } from './calibration.ts';
import { MultiLabelMetrics } from './multi-label.ts';
import { argmax, rankOf } from './ranking.ts';
import { RunningMean } from './running-mean.ts';
import { SingleLabelMetrics } from './single-label.ts';

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
  metrics.add(logits.slice(0, 7).flat(), labels.slice(0, 7));
  metrics.add(logits.slice(7).flat(), labels.slice(7));
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
    expect(result.perClass[5]).toEqual({ name: 'f', images: 0, accuracy: 0, precision: 0, recall: 0, f1: 0 });
  });
});

describe('several labels an image', () => {
  const logits = [2, -1, 0.5, -1, 3, 2, -2, -1, -0.5, -0.25, 1, -3];
  const targets = [1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0];
  const metrics = new MultiLabelMetrics(['x', 'y', 'z']);
  metrics.add(logits, targets);
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

describe('ranking', () => {
  it('gives the lower class the better place among equals', () => {
    expect(argmax([9, 1, 2, 2], 1, 3)).toBe(1);
    expect([0, 1, 2].map((label) => rankOf(label, [9, 1, 2, 2], 1, 3))).toEqual([2, 0, 1]);
  });
});

describe('calibration', () => {
  it('is perfect when each confidence is the share of right predictions', () => {
    const calibration = new CalibrationError();
    for (let i = 0; i < 4; i++) calibration.add(0.75, i < 3);
    for (let i = 0; i < 5; i++) calibration.add(1, true);
    expect(calibration.value).toBe(0);
  });

  it('puts a confidence on the border of two bins into the lower one', () => {
    // 1/3 ends the fifth bin: together with 0.3 it makes one bin, whose gaps cancel.
    const calibration = new CalibrationError();
    calibration.add(1 / 3, true);
    calibration.add(0.3, false);
    expect(calibration.value).toBeCloseTo(Math.abs(1 / 3 + 0.3 - 1) / 2, 12);
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
