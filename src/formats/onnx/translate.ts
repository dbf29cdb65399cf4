// Each operation of a network in ONNX's words: the operator that computes the same, its attributes, and the operands that
// ONNX wants as numbers in a tensor. Operators as in opset 17: https://onnx.ai/onnx/operators.

import { ResiduaError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { PoolWindow } from '../../tensor/operations/pooling.ts';
import { type AttributeProto, attribute } from './model-proto.ts';

export interface Translation {
  readonly opType: string;
  readonly attributes?: readonly AttributeProto[];
  /** Operands after the tensor's own inputs, by what they are called in ONNX. */
  readonly integers?: Readonly<Record<string, readonly number[]>>;
}

/** @param batch the extent that stands for the number of images */
type Translate = (tensor: Tensor, batch: number) => Translation;

const elementwise = (opType: string): Translate => {
  return () => ({ opType });
};

const translations: Readonly<Record<string, Translate>> = {
  add: elementwise('Add'),
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  relu: elementwise('Relu'),
  sigmoid: elementwise('Sigmoid'),
  tanh: elementwise('Tanh'),
  exp: elementwise('Exp'),
  sqrt: elementwise('Sqrt'),
  erf: elementwise('Erf'),
  maxPool2d: ({ attributes }) => ({ opType: 'MaxPool', attributes: poolAttributes(attributes) }),
  avgPool2d: ({ attributes }) => ({
    opType: 'AveragePool',
    attributes: [...poolAttributes(attributes), attribute('count_include_pad', 1)],
  }),
  sum: ({ attributes }) => ({
    opType: 'ReduceSum',
    attributes: [attribute('keepdims', 1)],
    integers: { axes: attributes.axes as readonly number[] },
  }),
  matmul: ({ attributes: { transposeA, transposeB } }) => ({
    opType: 'Gemm',
    attributes: [attribute('transA', Number(transposeA)), attribute('transB', Number(transposeB))],
  }),
  reshape: (tensor, batch) => {
    const [x] = tensor.inputs;
    const { shape } = tensor;
    if (shape.length === 2 && shape[0] === batch && x.shape[0] === batch) {
      return { opType: 'Flatten', attributes: [attribute('axis', 1)] };
    }
    // -1 is whatever the other extents leave, so one of them may depend on the batch.
    const target = shape.map((extent) => (extent % batch === 0 ? -1 : extent));
    if (target.filter((extent) => extent === -1).length !== 1) {
      throw new ResiduaError(`ONNX export can't say for any number of images how ${x} becomes ${tensor}`);
    }
    return { opType: 'Reshape', integers: { shape: target } };
  },
  resizeChannels: (tensor): Translation => {
    const [, from] = tensor.inputs[0].shape;
    const to = tensor.attributes.channels as number;
    if (to < from) return { opType: 'Slice', integers: { starts: [0], ends: [to], axes: [1] } };
    // So many before each axis, then so many behind each.
    const pads = Array.from({ length: 2 * tensor.rank }, (_, i) => (i === tensor.rank + 1 ? to - from : 0));
    return { opType: 'Pad', integers: { pads } };
  },
};

/** @throws ResiduaError when the operation is for training only */
export function translate(tensor: Tensor, batch: number): Translation {
  const { name } = tensor.operation!;
  if (Object.hasOwn(translations, name)) return translations[name](tensor, batch);
  throw new ResiduaError(`ONNX export does not know the operation ${name} (${tensor})`);
}

/** Padding is written as [top, left, bottom, right]. */
export function windowAttributes(
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
): AttributeProto[] {
  return [attribute('kernel_shape', kernel), attribute('strides', stride), attribute('pads', [...padding, ...padding])];
}

function poolAttributes(attributes: Tensor['attributes']): AttributeProto[] {
  const { kernel, stride, padding } = attributes as unknown as PoolWindow;
  return windowAttributes(kernel, stride, padding);
}
