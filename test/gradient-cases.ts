// For every function that src/tensor exports, inputs and a use of it whose gradient the finite differences check. The key
// type makes an operation without a case a compile error; a test repeats the check at run time.

import * as t from '../src/tensor/index.ts';
import { type Shape, type Tensor, Variable } from '../src/tensor/index.ts';

type NotAnOperation = 'gradients' | 'assign' | 'Input' | 'Tensor' | 'Variable' | 'ShapeError';
export type OperationName = Exclude<keyof typeof t, NotAnOperation>;

export interface GradientCase {
  readonly label: string;
  /** Values are distinct, between low and high (-2 and 2 by default). */
  readonly inputs: readonly { readonly shape: Shape; readonly low?: number; readonly high?: number }[];
  readonly f: (...inputs: Tensor[]) => Tensor;
}

/** A case on inputs of these shapes; a case on positive inputs for functions that need them. */
const on = (label: string, shapes: readonly Shape[], f: GradientCase['f']): GradientCase => ({
  label,
  inputs: shapes.map((shape) => ({ shape })),
  f,
});
const onPositive = (label: string, shapes: readonly Shape[], f: GradientCase['f']): GradientCase => ({
  label,
  inputs: shapes.map((shape) => ({ shape, low: 0.5, high: 2.5 })),
  f,
});

const broadcasts: readonly (readonly [string, Shape, Shape])[] = [
  ['equal shapes', [2, 3], [2, 3]],
  ['a scalar', [2, 3], []],
  ['a channel', [2, 3, 2, 2], [1, 3, 1, 1]],
  ['a missing axis', [4, 3], [3]],
  ['both repeated', [3, 1], [1, 4]],
];
const broadcastCases = (f: (a: Tensor, b: Tensor) => Tensor, make = on): GradientCase[] =>
  broadcasts.flatMap(([label, a, b]) => [make(label, [a, b], f), make(`${label}, the other way`, [b, a], f)]);

const unary = (f: (x: Tensor) => Tensor, make = on): GradientCase[] => [
  make('a matrix', [[3, 5]], f),
  make('used twice', [[4]], (x) => t.mul(f(x), f(t.mul(x, t.constant(0.5))))),
];

const labels = new Variable([4], Int32Array.from([2, 0, 4, 2]), { dtype: 'int32' });

export const gradientCases: Readonly<Record<OperationName, readonly GradientCase[]>> = {
  add: broadcastCases(t.add),
  sub: broadcastCases(t.sub),
  mul: [...broadcastCases(t.mul), on('a square', [[5]], (x) => t.mul(x, x))],
  div: broadcastCases(t.div, onPositive),
  constant: [on('a factor', [[3]], (x) => t.mul(x, t.constant(2.5)))],
  relu: unary(t.relu),
  sigmoid: unary(t.sigmoid),
  tanh: unary(t.tanh),
  exp: unary(t.exp),
  sqrt: unary(t.sqrt, onPositive),
  erf: unary(t.erf),
  gelu: unary(t.gelu),
  silu: unary(t.silu),

  sum: [
    on('everything', [[2, 3]], (x) => t.sum(t.mul(x, x))),
    on('inner axes', [[2, 3, 4]], (x) => t.sum(x, { axes: [1, -1] })),
    on('an axis, kept', [[2, 3, 4]], (x) => t.sum(x, { axes: [0], keepDims: true })),
  ],
  mean: [on('everything', [[2, 3]], (x) => t.mean(x)), on('an axis', [[2, 3, 4]], (x) => t.mean(x, { axes: [1] }))],
  broadcastTo: [on('two axes', [[1, 3, 1]], (x) => t.broadcastTo(x, [2, 3, 4]))],
  reshape: [on('another rank', [[2, 6]], (x) => t.reshape(x, [3, -1, 1]))],
  flatten: [on('maps', [[2, 3, 2, 2]], (x) => t.flatten(x))],

  matmul: [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) =>
      on(
        `${transposeA ? 'A^T' : 'A'} ${transposeB ? 'B^T' : 'B'}`,
        [transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]],
        (a, b) => t.matmul(a, b, { transposeA, transposeB }),
      ),
    ),
  ),
  linear: [
    on('with a bias', [[3, 4], [2, 4], [2]], (x, weight, bias) => t.linear(x, weight, bias)),
    on(
      'without a bias',
      [
        [3, 4],
        [2, 4],
      ],
      (x, weight) => t.linear(x, weight),
    ),
  ],

  conv2d: [
    on(
      '3x3, padding 1',
      [
        [2, 2, 4, 5],
        [3, 2, 3, 3],
      ],
      (x, w) => t.conv2d(x, w, { padding: 1 }),
    ),
    on(
      '3x3, stride 2, padding 1, even',
      [
        [1, 2, 6, 6],
        [2, 2, 3, 3],
      ],
      (x, w) => t.conv2d(x, w, { stride: 2, padding: 1 }),
    ),
    on(
      '3x3, stride 2, no padding',
      [
        [1, 2, 6, 7],
        [2, 2, 3, 3],
      ],
      (x, w) => t.conv2d(x, w, { stride: 2 }),
    ),
    on(
      '1x1, stride 2',
      [
        [2, 3, 5, 4],
        [2, 3, 1, 1],
      ],
      (x, w) => t.conv2d(x, w, { stride: 2 }),
    ),
    on(
      'stride beyond the kernel',
      [
        [1, 1, 7, 8],
        [2, 1, 2, 2],
      ],
      (x, w) => t.conv2d(x, w, { stride: 3 }),
    ),
    on(
      'everything different by axis',
      [
        [1, 2, 5, 7],
        [2, 2, 2, 4],
      ],
      (x, w) => t.conv2d(x, w, { stride: [1, 3], padding: [0, 2] }),
    ),
    on(
      'padding wider than the kernel needs',
      [
        [1, 1, 3, 3],
        [1, 1, 3, 3],
      ],
      (x, w) => t.conv2d(x, w, { padding: 3 }),
    ),
    on(
      'in groups',
      [
        [2, 4, 4, 5],
        [6, 2, 3, 2],
      ],
      (x, w) => t.conv2d(x, w, { stride: [1, 2], padding: 1, groups: 2 }),
    ),
    on(
      'depthwise, two outputs a channel',
      [
        [1, 3, 4, 4],
        [6, 1, 3, 3],
      ],
      (x, w) => t.conv2d(x, w, { padding: 1, groups: 3 }),
    ),
    on('with a bias', [[2, 2, 3, 3], [3, 2, 3, 3], [3]], (x, w, bias) => t.conv2d(x, w, { bias, padding: 1 })),
  ],

  maxPool2d: [
    on('2x2', [[1, 2, 4, 5]], (x) => t.maxPool2d(x, 2)),
    on('3x3, stride 2, padding 1', [[1, 2, 5, 6]], (x) => t.maxPool2d(x, 3, { stride: 2, padding: 1 })),
    on('overlapping', [[1, 1, 4, 4]], (x) => t.maxPool2d(x, [3, 2], { stride: 1 })),
  ],
  avgPool2d: [
    on('2x2', [[1, 2, 4, 5]], (x) => t.avgPool2d(x, 2)),
    on('3x3, stride 2, padding 1', [[1, 2, 5, 6]], (x) => t.avgPool2d(x, 3, { stride: 2, padding: 1 })),
  ],
  padChannels: [
    on('more vectors', [[2, 3, 2, 3]], (x) => t.padChannels(x, 6)),
    on('whole vectors', [[1, 4, 2, 2]], (x) => t.padChannels(x, 4)),
  ],
  globalAvgPool2d: [on('maps', [[2, 3, 3, 2]], (x) => t.globalAvgPool2d(x))],

  channelMean: [on('maps', [[2, 3, 2, 2]], (x) => t.channelMean(x)), on('rows', [[4, 3]], (x) => t.channelMean(x))],
  channelVariance: [
    on('maps', [[2, 3, 2, 2]], (x) => t.channelVariance(x)),
    on('rows', [[4, 3]], (x) => t.channelVariance(x)),
  ],
  batchNorm: [
    on('training, through the statistics', [[2, 3, 2, 2], [3], [3]], (x, weight, bias) =>
      t.batchNorm(x, { mean: t.channelMean(x), variance: t.channelVariance(x) }, { weight, bias }),
    ),
    on('training, rows', [[5, 3], [3], [3]], (x, weight, bias) =>
      t.batchNorm(x, { mean: t.channelMean(x), variance: t.channelVariance(x) }, { weight, bias }),
    ),
    onPositive('evaluation', [[2, 3, 2, 2], [3], [3], [3], [3]], (x, mean, variance, weight, bias) =>
      t.batchNorm(x, { mean, variance }, { weight, bias }),
    ),
  ],
  dropout: [
    on('maps', [[2, 6, 2, 2]], (x) => t.dropout(x, t.constant(3, { integer: true }), 0.4, [1, 2])),
    on('rows', [[3, 7]], (x) => t.dropout(x, t.constant(0, { integer: true }), 0.4, [1, 2])),
  ],

  softmaxCrossEntropy: [
    on('hard labels', [[4, 5]], (x) => t.softmaxCrossEntropy(x, labels)),
    on('smoothed labels', [[4, 5]], (x) => t.softmaxCrossEntropy(x, labels, { labelSmoothing: 0.1 })),
  ],
  binaryCrossEntropy: [
    {
      label: 'logits and target',
      inputs: [{ shape: [3, 4] }, { shape: [3, 4], low: 0, high: 1 }],
      f: (logits, target) => t.binaryCrossEntropy(logits, target),
    },
  ],
};
