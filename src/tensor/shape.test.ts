import { describe, expect, it } from 'vitest';
import * as t from './index.ts';
import { Input, type Tensor, Variable } from './index.ts';

const tensor = (...shape: number[]) => new Input('x', shape);
const labels = (...shape: number[]) => new Input('labels', shape, 'int32');

describe('shapes of results', () => {
  it.each<[string, Tensor, number[]]>([
    ['conv2d, padding keeps the size', t.conv2d(tensor(2, 3, 8, 9), tensor(4, 3, 3, 3), { padding: 1 }), [2, 4, 8, 9]],
    ['conv2d, strides round down', t.conv2d(tensor(2, 3, 8, 9), tensor(4, 3, 3, 3), { stride: 2 }), [2, 4, 3, 4]],
    [
      'conv2d, pairs',
      t.conv2d(tensor(1, 1, 5, 5), tensor(1, 1, 1, 3), { stride: [2, 1], padding: [0, 1] }),
      [1, 1, 3, 5],
    ],
    ['matmul', t.matmul(tensor(2, 3), tensor(3, 4)), [2, 4]],
    ['matmul, both transposed', t.matmul(tensor(3, 2), tensor(4, 3), { transposeA: true, transposeB: true }), [2, 4]],
    ['maxPool2d, stride is the kernel', t.maxPool2d(tensor(1, 2, 7, 8), 2), [1, 2, 3, 4]],
    ['padChannels', t.padChannels(tensor(2, 3, 4, 5), 6), [2, 9, 4, 5]],
    ['globalAvgPool2d', t.globalAvgPool2d(tensor(2, 3, 4, 5)), [2, 3, 1, 1]],
    ['sum of inner axes', t.sum(tensor(2, 3, 4), { axes: [-1, 1] }), [2]],
    ['mean, axes kept', t.mean(tensor(2, 3, 4), { axes: [1], keepDims: true }), [2, 1, 4]],
    ['channelVariance', t.channelVariance(tensor(2, 3, 4, 5)), [1, 3, 1, 1]],
    ['flatten', t.flatten(tensor(2, 3, 4)), [2, 12]],
    ['reshape with an open extent', t.reshape(tensor(2, 6), [3, -1]), [3, 4]],
    ['softmaxCrossEntropy', t.softmaxCrossEntropy(tensor(4, 10), labels(4)), []],
  ])('%s', (_, { shape }, expected) => {
    expect(shape).toEqual(expected);
  });
});

describe('broadcasting aligns shapes at the last axis', () => {
  it.each([
    [[2, 3], [], [2, 3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 4],
      [2, 4],
    ],
    [
      [2, 3, 4, 5],
      [1, 3, 1, 1],
      [2, 3, 4, 5],
    ],
    [[5], [2, 1], [2, 5]],
  ])('%j and %j give %j', (a, b, expected) => {
    expect(t.add(tensor(...a), tensor(...b)).shape).toEqual(expected);
    expect(t.add(tensor(...b), tensor(...a)).shape).toEqual(expected);
  });
});

describe('a shape error names the operation, the shapes and the rule', () => {
  it.each<[() => unknown, string]>([
    [() => t.add(tensor(2, 3), tensor(2)), 'add of [2, 3] and [2]: extents must be equal or 1'],
    [() => t.mul(tensor(2), labels(2)), 'mul of [2] and [2]: both must have one dtype, found float32 and int32'],
    [
      () => t.conv2d(tensor(1, 3, 8, 8), tensor(4, 2, 3, 3)),
      'conv2d of [1, 3, 8, 8] and [4, 2, 3, 3]: the input has 3 channels but the weight expects 2',
    ],
    [() => t.conv2d(tensor(3, 8, 8), tensor(4, 3, 3, 3)), 'conv2d of [3, 8, 8] and [4, 3, 3, 3]: the input must be'],
    [() => t.conv2d(tensor(1, 1, 2, 8), tensor(1, 1, 3, 3)), 'the kernel is larger than the input'],
    [
      () => t.conv2d(tensor(1, 1, 8, 8), tensor(1, 1, 3, 3), { stride: 0 }),
      'stride must be whole numbers of at least 1',
    ],
    [() => t.conv2d(tensor(1, 1, 8, 8), tensor(2, 1, 3, 3), { bias: tensor(3) }), 'the bias must be [2]'],
    [
      () => t.matmul(tensor(2, 3), tensor(2, 3)),
      'matmul of [2, 3] and [2, 3]: the inner extents must be equal, found 3 and 2',
    ],
    [() => t.linear(tensor(2, 3), tensor(4, 5)), 'linear of [2, 3] and [4, 5]'],
    [
      () => t.maxPool2d(tensor(1, 1, 4, 4), 2, { padding: 2 }),
      'padding [2, 2] must be between 0 and half the kernel [2, 2]',
    ],
    [
      () => t.padChannels(tensor(1, 4, 2, 2), -1),
      'padChannels of [1, 4, 2, 2]: the number of extra channels must be a whole number of at least 0, found -1',
    ],
    [
      () => t.avgPool2d(tensor(1, 16, 7, 7), 8),
      'avgPool2d of [1, 16, 7, 7]: the kernel [8, 8] is larger than the input',
    ],
    [() => t.sum(tensor(2, 3), { axes: [2] }), 'sum of [2, 3]: axes [2] must be different axes of the 2 there are'],
    [() => t.sum(tensor(2, 3), { axes: [1, -1] }), 'sum of [2, 3]: axes [1,-1] must be different axes'],
    [() => t.broadcastTo(tensor(2, 3), [2, 4]), 'broadcastTo of [2, 3] and [2, 4]'],
    [() => t.reshape(tensor(2, 3), [4, 2]), 'reshape of [2, 3] and [4, 2]: the number of elements must stay the same'],
    [() => t.reshape(tensor(2, 3), [-1, -1]), 'only one extent may be -1'],
    [
      () => t.softmaxCrossEntropy(tensor(4, 10), labels(3)),
      'softmaxCrossEntropy of [4, 10] and [3]: the labels must be [4]',
    ],
    [() => t.softmaxCrossEntropy(tensor(4, 10), tensor(4)), 'the labels must be int32 class numbers, found float32'],
    [() => t.softmaxCrossEntropy(tensor(4, 10), labels(4), { labelSmoothing: 2 }), 'labelSmoothing 2 is not in [0, 1]'],
    [() => t.binaryCrossEntropy(tensor(4, 10), tensor(4, 9)), 'binaryCrossEntropy of [4, 10] and [4, 9]'],
    [() => t.relu(labels(3)), 'relu of [3]: needs float32, found int32'],
    [() => t.dropout(tensor(3), tensor(), 0.5, [0, 0]), 'dropout of [3] and []: the step must be one int32'],
    [() => t.dropout(tensor(3), labels(), 1, [0, 0]), 'the probability must be in [0, 1), found 1'],
    [() => tensor(2, 0), 'tensor of [2, 0]: every extent must be a whole number of at least 1; axis 1 is not'],
    [() => new Variable([2], new Float32Array(3)), 'variable of [2]: the value has 3 elements, the shape 2'],
    [() => t.assign(new Variable([2], new Float32Array(2)), tensor(3)), 'assign of [2] and [3]'],
  ])('%s', (build, message) => {
    expect(build).toThrow(t.ShapeError);
    expect(build).toThrow(message);
  });
});
