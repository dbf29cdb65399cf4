// The two losses of image classification, from logits, as means over the batch. Both are computed in float64 within.

import { apply, type None, type Operation } from '../operation.ts';
import { formatShape, ShapeError, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sigmoid } from './activation.ts';
import { constant, mul, sub } from './arithmetic.ts';

const crossEntropyOperation: Operation<{ labelSmoothing: number }> = {
  name: 'softmaxCrossEntropy',
  infer: ([logits, labels], { labelSmoothing }) => {
    const rule = (text: string) => new ShapeError('softmaxCrossEntropy', [logits.shape, labels.shape], text);
    if (logits.rank !== 2) throw rule('the logits must be [N, classes]');
    if (!sameShape(labels.shape, [logits.shape[0]])) throw rule(`the labels must be ${formatShape([logits.shape[0]])}`);
    if (labels.dtype !== 'int32') throw rule(`the labels must be int32 class numbers, found ${labels.dtype}`);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw rule(`labelSmoothing ${labelSmoothing} is not in [0, 1]`);
    return { shape: [] };
  },
  gradient: (upstream, { inputs: [logits, labels] }, attributes) => [
    mul(apply(crossEntropyGradientOperation, [logits, labels], attributes), upstream),
    null,
  ],
};

/** (softmax(logits) - target) / N, [N, classes]. */
const crossEntropyGradientOperation: Operation<{ labelSmoothing: number }> = {
  name: 'softmaxCrossEntropyGradient',
  infer: ([logits]) => ({ shape: logits.shape }),
};

/**
 * -log softmax(logits)[label], mean over the batch. PyTorch: F.cross_entropy.
 *
 * @param logits [N, classes]
 * @param labels int32 [N], each in 0..classes-1
 * @param labelSmoothing spreads this share of the target evenly over all classes (Szegedy et al. 2016, sec. 7)
 * @returns scalar
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, { labelSmoothing = 0 } = {}): Tensor {
  return apply(crossEntropyOperation, [logits, labels], { labelSmoothing });
}

const binaryCrossEntropyOperation: Operation<None> = {
  name: 'binaryCrossEntropy',
  infer: ([logits, target]) => {
    if (!sameShape(logits.shape, target.shape)) {
      throw new ShapeError(
        'binaryCrossEntropy',
        [logits.shape, target.shape],
        'logits and target must have equal shapes',
      );
    }
    return { shape: [] };
  },
  gradient: (upstream, { inputs: [logits, target] }) => {
    const share = mul(upstream, constant(1 / logits.size));
    return [mul(sub(sigmoid(logits), target), share), mul(logits, mul(share, constant(-1)))];
  },
};

/**
 * Binary cross entropy of independent labels, mean over all elements: max(x, 0) - x t + log(1 + exp(-|x|)).
 * PyTorch: F.binary_cross_entropy_with_logits.
 *
 * @param logits [N, labels]
 * @param target float32 [N, labels], each in [0, 1]
 * @returns scalar
 */
export function binaryCrossEntropy(logits: Tensor, target: Tensor): Tensor {
  return apply(binaryCrossEntropyOperation, [logits, target], {});
}
