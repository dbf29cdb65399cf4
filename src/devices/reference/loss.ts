// The two losses from logits, as means. Both are written so that no exponential can overflow.

import { ResiduaError } from '../../errors.ts';
import { exp, log, log1p } from '../../tensor/elementary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Kernel, type Numbers, zeros } from './kernel.ts';

/** log softmax of one row of logits: x - max - log(sum of exp(x - max)). */
function logSoftmax(logits: Numbers): number[] {
  const largest = Math.max(...logits);
  const shifted = Array.from(logits, (x) => x - largest);
  const logSum = log(shifted.reduce((sum, x) => sum + exp(x), 0));
  return shifted.map((x) => x - logSum);
}

/** Calls `visit` with the log probability and the target probability of every class of every row. */
function forEachClass(
  node: Tensor,
  [logits, labels]: readonly Numbers[],
  visit: (place: number, logProbability: number, target: number) => void,
): void {
  const labelSmoothing = node.attributes.labelSmoothing as number;
  const [rows, classes] = node.inputs[0].shape;
  for (let n = 0; n < rows; n++) {
    const label = labels[n];
    if (label < 0 || label >= classes) {
      throw new ResiduaError(`label ${label} at position ${n} is not one of the ${classes} classes 0..${classes - 1}`, {
        hint: 'Labels are class numbers from 0; check the data set, or give the model more classes.',
      });
    }
    logSoftmax(logits.subarray(n * classes, (n + 1) * classes)).forEach((logProbability, k) => {
      const target = (k === label ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      visit(n * classes + k, logProbability, target);
    });
  }
}

/** Inputs logits, labels. */
export const softmaxCrossEntropy: Kernel = (node, inputs) => {
  const loss = zeros(node);
  const [rows] = node.inputs[0].shape;
  forEachClass(node, inputs, (_, logProbability, target) => {
    if (target > 0) loss[0] -= (target * logProbability) / rows;
  });
  return loss;
};

/** Inputs logits, labels; (softmax - target) / N. */
export const softmaxCrossEntropyGradient: Kernel = (node, inputs) => {
  const gradient = zeros(node);
  const [rows] = node.inputs[0].shape;
  forEachClass(node, inputs, (place, logProbability, target) => {
    gradient[place] = (exp(logProbability) - target) / rows;
  });
  return gradient;
};

/** Inputs logits, targets; max(x, 0) - x t + log(1 + exp(-|x|)). */
export const binaryCrossEntropy: Kernel = (node, [logits, targets]) => {
  const loss = zeros(node);
  logits.forEach((x: number, i: number) => {
    loss[0] += (Math.max(x, 0) - x * targets[i] + log1p(exp(-Math.abs(x)))) / logits.length;
  });
  return loss;
};
