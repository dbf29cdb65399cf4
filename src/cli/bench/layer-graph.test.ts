// A layer graph is right when whoever follows it, knowing nothing but torch.nn's names and the state dict, gets what the
// model itself gives. Here its follower writes tensors, and both are computed by the reference device.

import { describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../../devices/reference/device.ts';
import { createModel } from '../../models/index.ts';
import { Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, Module, Sequential } from '../../nn/index.ts';
import {
  add,
  avgPool2d,
  batchNorm,
  conv2d,
  flatten,
  globalAvgPool2d,
  Input,
  linear,
  maxPool2d,
  mul,
  type Pair,
  padChannels,
  relu,
  type Shape,
  sigmoid,
  type Tensor,
} from '../../tensor/index.ts';
import { randomStream } from '../../tensor/random.ts';
import { type Layer, type LayerStep, layerGraph } from './layer-graph.ts';

const imageShape = [2, 1, 8, 8];

function follow(steps: readonly LayerStep[], model: Module, images: Tensor): Tensor {
  const values = [images];
  for (const step of steps) {
    if ('add' in step) values.push(add(values[step.add[0]], values[step.add[1]]));
    else values.push(compute(step.layer, model, values[step.input]));
  }
  return values[values.length - 1];
}

function compute({ name, kind, arguments: args, options }: Layer, model: Module, x: Tensor): Tensor {
  const state = model.stateDict();
  const of = (key: string) => state.get(`${name}.${key}`)!;
  switch (kind) {
    case 'Conv2d': {
      const [inChannels, outChannels, kernel] = args as [number, number, number[]];
      const window = options as { stride: Pair; padding: Pair; groups: number };
      expect(of('weight').shape).toEqual([outChannels, inChannels / window.groups, ...kernel]);
      expect(of('bias') !== undefined).toBe(options.bias);
      return conv2d(x, of('weight'), { ...window, bias: of('bias') });
    }
    case 'BatchNorm2d': {
      const statistics = { mean: of('running_mean'), variance: of('running_var') };
      return batchNorm(x, statistics, { weight: of('weight'), bias: of('bias') }, options.eps as number);
    }
    case 'Linear':
      return linear(x, of('weight'), of('bias'));
    case 'MaxPool2d':
      return maxPool2d(x, args[0] as Pair, options as { stride: Pair; padding: Pair });
    case 'AvgPool2d':
      return avgPool2d(x, args[0] as Pair, options as { stride: Pair; padding: Pair });
    case 'ConstantPad3d':
      return padChannels(x, (args[0] as number[])[5]);
    case 'AdaptiveAvgPool2d':
      return globalAvgPool2d(x);
    case 'Flatten':
      return flatten(x);
    case 'ReLU':
      return relu(x);
    case 'Sigmoid':
      return sigmoid(x);
  }
  throw new Error(`the test does not follow ${kind}`);
}

async function run(output: Tensor, shape: Shape): Promise<number[]> {
  const random = randomStream({ seed: 1, purpose: 'augment' });
  const images = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  const program = await createReferenceDevice().compile({ outputs: { output } });
  return [...(await program.run({ images })).output];
}

async function expectFaithful(model: Module): Promise<void> {
  const steps: LayerStep[] = JSON.parse(JSON.stringify(layerGraph(model, imageShape)));
  model.eval();
  const images = new Input('images', imageShape);
  const expected = await run(model.forward(images), imageShape);
  expect(await run(follow(steps, model, images), imageShape)).toEqual(expected);
}

const options = { classes: 3, inChannels: 1, imageSize: 8, layers: [2, 1, 1], widths: [4, 4, 8], seed: 5 } as const;

describe('the layer graph', () => {
  it.each([
    ['the tutorial network', createModel('article-resnet', options)],
    ['its plain twin', createModel('article-plainnet', options)],
    [
      '1x1 shortcuts and sigmoids',
      createModel('article-resnet', { ...options, shortcut: '1x1', activation: 'sigmoid' }),
    ],
    ['shortcuts without parameters', createModel('resnet20', options)],
    ['pre-activation', createModel('preact-resnet20', options)],
    ['convolutions with biases', createModel('article-resnet', { ...options, normalise: false })],
  ])('of %s gives what the model gives', async (_, model) => {
    await expectFaithful(model);
  });

  it('has the windows of pooling layers', async () => {
    const random = randomStream({ seed: 2, purpose: 'initialise' });
    await expectFaithful(
      new Sequential(
        new Conv2d(1, 4, { kernelSize: [3, 2], stride: [2, 1], padding: [0, 1], random }),
        new MaxPool2d(3, { stride: 2, padding: 1 }),
        new GlobalAvgPool2d(),
        new Flatten(),
        new Linear(4, 3, { random }),
      ),
    );
  });

  it('has the groups of convolutions', async () => {
    const random = randomStream({ seed: 3, purpose: 'initialise' });
    await expectFaithful(
      new Sequential(
        new Conv2d(1, 6, { kernelSize: 3, random }),
        new Conv2d(6, 4, { kernelSize: 3, groups: 2, padding: 1, random }),
        new GlobalAvgPool2d(),
        new Flatten(),
        new Linear(4, 3, { random }),
      ),
    );
  });

  it('has dropout in training, which evaluation leaves out', () => {
    const model = createModel('article-resnet', { ...options, dropout: 0.25 });
    const layers = layerGraph(model, imageShape).flatMap((step) => ('layer' in step ? [step.layer] : []));
    expect(layers.find(({ kind }) => kind === 'Dropout')).toMatchObject({ name: 'dropout', arguments: [0.25] });
  });

  it('refuses what is computed outside layers, and says what it is', () => {
    class Scaled extends Module {
      readonly flatten = new Flatten();
      override forward(x: Tensor): Tensor {
        return this.flatten.forward(mul(x, x));
      }
    }
    expect(() => layerGraph(new Scaled(), imageShape)).toThrow(/mul \[2, 1, 8, 8\]/);
  });
});
