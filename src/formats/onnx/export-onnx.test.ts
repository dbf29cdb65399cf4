// The exported network, run by onnxruntime, gives the logits that the network gives here (on the reference device, in
// float64), for every kind of network there is and for any number of images.

import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../../test/compare.ts';
import { createReferenceDevice } from '../../devices/reference/device.ts';
import { createModel, type ModelOptions } from '../../models/index.ts';
import { BatchNorm2d, Dropout, Module } from '../../nn/index.ts';
import {
  add,
  avgPool2d,
  constant,
  conv2d,
  div,
  flatten,
  globalAvgPool2d,
  Input,
  matmul,
  maxPool2d,
  mul,
  padChannels,
  relu,
  reshape,
  type Shape,
  sigmoid,
  sub,
  sum,
  type Tensor,
  Variable,
} from '../../tensor/index.ts';
import { randomStream } from '../../tensor/random.ts';
import { exportOnnx } from './export-onnx.ts';

/** Gives every norm statistics and weights of its own: a new one would hide what folding does wrong. */
function disturb(model: Module): Module {
  const random = randomStream({ seed: 1, purpose: 'initialise' });
  for (const module of model.namedModules().values()) {
    if (!(module instanceof BatchNorm2d)) continue;
    const fill = (variable: Variable, from: number, to: number) => {
      variable.value = new Float32Array(variable.size).map(() => from + (to - from) * random.uniform());
    };
    fill(module.weight, 0.5, 1.5);
    fill(module.bias, -0.5, 0.5);
    fill(module.runningMean, -0.5, 0.5);
    fill(module.runningVariance, 0.5, 2);
  }
  return model;
}

async function compare(model: Module, imageShape: Shape, batch: number): Promise<void> {
  const random = randomStream({ seed: 2, purpose: 'initialise' });
  const shape = [batch, ...imageShape];
  const images = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const logits = model.eval().forward(new Input('images', shape));
  const program = await createReferenceDevice().compile({ outputs: { logits } });
  const expected = (await program.run({ images })).logits;

  const session = await InferenceSession.create(exportOnnx(model, { name: 'network', imageShape }));
  expect([session.inputNames, session.outputNames]).toEqual([['images'], ['logits']]);
  const found = (await session.run({ images: new OnnxTensor('float32', images, shape) })).logits;
  expect(found.dims).toEqual([...logits.shape]);
  expect(relativeError(found.data as Float32Array, expected)).toBeLessThan(1e-5);
  await session.release();
}

const cases: [string, Partial<ModelOptions>, Shape][] = [
  ['article-resnet', {}, [1, 24, 24]],
  ['article-plainnet', { layers: [1, 1, 1] }, [1, 16, 16]],
  ['article-resnet', { layers: [1, 1, 1], normalise: false, dropout: 0.5 }, [3, 12, 20]],
  ['article-resnet', { layers: [1, 1, 1], activation: 'sigmoid' }, [1, 16, 16]],
  ['article-resnet', { layers: [1, 1, 1], activation: 'gelu' }, [1, 16, 16]],
  ['article-resnet', { layers: [1, 1, 1], activation: 'silu' }, [1, 16, 16]],
  ['article-resnet', { layers: [1, 1, 1], activation: 'tanh' }, [1, 16, 16]],
  ['resnet20', {}, [3, 16, 16]],
  ['preact-resnet20', { layers: [1, 1, 1] }, [3, 16, 16]],
  ['resnet18', { widths: [8, 8, 16, 16] }, [3, 64, 64]],
  ['resnet50', { layers: [1, 1, 1, 1], widths: [8, 8, 16, 16] }, [3, 64, 64]],
  ['resnext50_32x4d', { layers: [1, 1, 1, 1], widths: [16, 16, 32, 32] }, [3, 32, 32]],
];

describe('an exported network', () => {
  it.each(cases)('gives equal logits: %s %o', async (name, options, imageShape) => {
    const model = disturb(createModel(name, { classes: 7, inChannels: imageShape[0], seed: 0, ...options }));
    await compare(model, imageShape, 1);
    await compare(model, imageShape, 3);
  });
});

/** A module of one function, with a weight. */
class Piece extends Module {
  readonly weight = new Variable([4, 2, 3, 3], parameterValues(72), { trainable: true });
  readonly other = new Variable([4], parameterValues(4), { trainable: true });
  readonly map = new Variable([1, 1, 6, 6], parameterValues(36), { trainable: true });
  readonly matrix = new Variable([4, 5], parameterValues(20), { trainable: true });
  readonly #build: (piece: Piece, x: Tensor) => Tensor;

  constructor(build: (piece: Piece, x: Tensor) => Tensor) {
    super();
    this.#build = build;
  }

  override forward(x: Tensor): Tensor {
    return this.#build(this, x);
  }
}

function parameterValues(count: number): Float32Array {
  const random = randomStream({ seed: 3, purpose: 'initialise' });
  return Float32Array.from({ length: count }, () => random.normal());
}

const pieces: Record<string, (piece: Piece, x: Tensor) => Tensor> = {
  'a convolution that two read, one of them scaled': ({ weight, other }, x) => {
    const y = conv2d(x, weight);
    return add(relu(y), mul(y, reshape(other, [1, 4, 1, 1])));
  },
  'a biased convolution that two read': ({ weight, other }, x) => {
    const y = conv2d(x, weight, { bias: other, padding: 1, stride: [1, 2] });
    return mul(sub(y, constant(2)), sigmoid(y));
  },
  'a constant from which a product is taken': ({ weight }, x) => sub(constant(1), conv2d(x, weight)),
  'a constant that is divided': ({ weight }, x) => div(constant(1), add(constant(50), conv2d(x, weight))),
  'a division by a parameter': ({ weight, other }, x) => div(conv2d(x, weight), reshape(other, [4, 1, 1])),
  'a constant that differs within a channel': ({ map }, x) => add(mul(x, map), map),
  'the input twice': (_, x) => mul(x, x),
  'the input itself': (_, x) => x,
  'the input through nothing': (_, x) => mul(add(x, constant(0)), constant(1)),
  'the sum of each map': (_, x) => sum(x, { axes: [2, 3] }),
  'the sum over channels': (_, x) => sum(x, { axes: [1], keepDims: true }),
  'a mean that is read twice': (_, x) => add(x, relu(mul(globalAvgPool2d(x), globalAvgPool2d(x)))),
  'a scaled mean': (_, x) => add(mul(globalAvgPool2d(x), constant(3)), constant(1)),
  'another shape': (_, x) => mul(reshape(x, [-1, 4, 3, 6]), constant(2)),
  'a matrix that is not transposed': ({ matrix, weight }, x) => {
    return relu(add(matmul(flatten(globalAvgPool2d(conv2d(x, weight))), matrix), constant(1)));
  },
  'more channels, and pools': (_, x) =>
    avgPool2d(maxPool2d(padChannels(x, 3), 3, { stride: 1, padding: 1 }), 3, { padding: 1 }),
};

describe('each form of a graph', () => {
  it.each(Object.entries(pieces))('%s', async (_, build) => {
    await compare(new Piece(build), [2, 6, 6], 1);
    await compare(new Piece(build), [2, 6, 6], 2);
  });
});

describe('the file', () => {
  const model = disturb(createModel('article-resnet', { classes: 3, inChannels: 1, seed: 0, layers: [1, 1, 1] }));
  const file = exportOnnx(model, { name: 'net', imageShape: [1, 32, 32], metadata: new Map([['classes', '["ä"]']]) });

  it('has one node for a convolution and its norm, with the names of the state dict', () => {
    const text = Buffer.from(file).toString('latin1');
    for (const name of [
      'layer1.0.conv1.weight',
      'layer1.0.conv1.bias',
      'layer3.0.downsample.0.weight',
      'fc.bias',
      'layer1.0.activation1',
    ]) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain('BatchNormalization');
    expect(text).not.toContain('running_mean');
  });

  it('carries the metadata', () => {
    expect(Buffer.from(file).toString()).toMatch(/classes.{0,4}\["ä"\]/s);
  });

  it('is the same for the same model, whose mode stays as it was', () => {
    model.train();
    const again = exportOnnx(model, {
      name: 'net',
      imageShape: [1, 32, 32],
      metadata: new Map([['classes', '["ä"]']]),
    });
    expect(again).toEqual(file);
    expect(model.training).toBe(true);
  });

  it('cannot hold what is for training only', () => {
    const random = randomStream({ seed: 0, purpose: 'initialise' });
    class Stubborn extends Dropout {
      override forward(x: Tensor): Tensor {
        this.training = true;
        return super.forward(x);
      }
    }
    const options = { name: 'x', imageShape: [1, 2, 2] };
    expect(() => exportOnnx(new Stubborn(0.5, { random }), options)).toThrow('does not know the operation dropoutMask');
  });
});
