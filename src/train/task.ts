// What the network's outputs mean, and so: the loss, what to feed as the target, what a right prediction is, and which
// metrics apply. The two tasks of the article: one class an image (softmax), or any number of labels (sigmoids).

import type { Batch } from '../data/index.ts';
import type { Feed } from '../devices/device.ts';
import { UsageError } from '../errors.ts';
import {
  add,
  binaryCrossEntropy,
  constant,
  Input,
  mul,
  softmaxCrossEntropy,
  sub,
  type Tensor,
} from '../tensor/index.ts';
import { MultiLabelMetrics } from './metrics/multi-label.ts';
import { argmax } from './metrics/ranking.ts';
import { SingleLabelMetrics } from './metrics/single-label.ts';

export const taskNames = ['single-label', 'multi-label'] as const;
export type TaskName = (typeof taskNames)[number];

export interface Task {
  readonly name: TaskName;
  /** The graph's input for the targets of a batch, called 'targets'. */
  targets(batchSize: number, classes: number): Input;
  /** What to feed it; valid until the next call. */
  targetsOf(batch: Batch, classes: number): Int32Array | Float32Array;
  /** What else a training step is fed from a batch: what was mixed into its images. */
  mixedFeeds?(batch: Batch): Readonly<Record<string, Feed>>;
  /** The loss that training lowers: a scalar, the mean over the batch. */
  trainingLoss(logits: Tensor, targets: Tensor): Tensor;
  /** The loss that evaluations report: without label smoothing. */
  evaluationLoss(logits: Tensor, targets: Tensor): Tensor;
  /** Right predictions in a batch, in images; with several labels each counts as a part of an image. */
  correct(logits: ArrayLike<number>, targets: ArrayLike<number>, classes: number): number;
  metrics(classes: readonly string[]): SingleLabelMetrics | MultiLabelMetrics;
}

export interface SingleLabelOptions {
  /** Share of the target that is spread evenly over all classes (Szegedy et al. 2016, sec. 7); 0 by default. */
  readonly labelSmoothing?: number;
  /** Whether training batches are mixed (Mixup, CutMix): the loss is then that of both classes, in their proportion. */
  readonly mixed?: boolean;
}

/** Exactly one class an image: softmax and cross entropy. Targets are the batch's labels. */
export function singleLabel({ labelSmoothing = 0, mixed = false }: SingleLabelOptions = {}): Task {
  const loss = (logits: Tensor, targets: Tensor) => softmaxCrossEntropy(logits, targets, { labelSmoothing });
  return {
    name: 'single-label',
    targets: (batchSize) => new Input('targets', [batchSize], 'int32'),
    targetsOf: (batch) => batch.labels,
    trainingLoss: mixed ? mixedLoss(loss) : loss,
    mixedFeeds: mixed ? ({ mixed }) => ({ partners: mixed!.partners, ownShare: mixed!.share }) : undefined,
    evaluationLoss: (logits, targets) => softmaxCrossEntropy(logits, targets),
    correct: (logits, labels, classes) => {
      let correct = 0;
      for (let i = 0; i < labels.length; i++) if (argmax(logits, i * classes, classes) === labels[i]) correct++;
      return correct;
    },
    metrics: (classes) => new SingleLabelMetrics(classes),
  };
}

/** Cross entropy is linear in the target, so that of a mixed target is the mixture of two: share * own + (1 - share) * other. */
function mixedLoss(loss: Task['trainingLoss']): Task['trainingLoss'] {
  return (logits, targets) => {
    const partners = new Input('partners', targets.shape, 'int32');
    const share = new Input('ownShare', []);
    return add(mul(share, loss(logits, targets)), mul(sub(constant(1), share), loss(logits, partners)));
  };
}

/**
 * Any number of labels an image: a sigmoid and binary cross entropy for each. Where a data set has one class an image, that
 * is its only label.
 */
export function multiLabel(): Task {
  let memory = new Float32Array(0);
  const loss = (logits: Tensor, targets: Tensor) => binaryCrossEntropy(logits, targets);
  return {
    name: 'multi-label',
    targets: (batchSize, classes) => new Input('targets', [batchSize, classes]),
    targetsOf: ({ size, labels, targets: own, mixed }, classes) => {
      if (own) return own;
      if (memory.length < size * classes) memory = new Float32Array(size * classes);
      const targets = memory.subarray(0, size * classes).fill(0);
      const share = mixed?.share[0] ?? 1;
      for (let i = 0; i < size; i++) {
        targets[i * classes + labels[i]] += share;
        if (mixed) targets[i * classes + mixed.partners[i]] += 1 - share;
      }
      return targets;
    },
    trainingLoss: loss,
    evaluationLoss: loss,
    correct: (logits, targets, classes) => {
      let right = 0;
      for (let i = 0; i < targets.length; i++) if (logits[i] > 0 === targets[i] >= 0.5) right++;
      return right / classes;
    },
    metrics: (labels) => new MultiLabelMetrics(labels),
  };
}

export function createTask(name: TaskName, options: SingleLabelOptions = {}): Task {
  if (name === 'single-label') return singleLabel(options);
  if (options.labelSmoothing) throw new UsageError('label smoothing is for one class an image, not for multi-label');
  return multiLabel();
}
