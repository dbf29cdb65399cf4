import { describe, expect, it } from 'vitest';
import type { Module } from '../nn/index.ts';
import { ancestors } from '../tensor/autograd.ts';
import { Input } from '../tensor/index.ts';
import { randomStream } from '../tensor/random.ts';
import { countParameters, createModel, type ModelOptions, ResidualBlock, summarise } from './index.ts';

const random = () => randomStream({ seed: 0, purpose: 'initialise' });
const article = { classes: 10, inChannels: 1, seed: 0 };
const images = (...shape: number[]) => new Input('images', shape);

describe("the article's network", () => {
  const model = createModel('article-resnet', article);

  it('has 195,450 parameters', () => {
    expect(countParameters(model)).toBe(195_450);
  });

  it('costs 28.46 M multiply-adds for an image of 32x32', () => {
    const { multiplyAdds, layers, parameters } = summarise(model, [1, 1, 32, 32]);
    expect(multiplyAdds).toBe(28_459_648);
    expect(layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0)).toBe(multiplyAdds);
    expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameters);
  });

  it('takes images of any size, also the 28x28 that its original pooling could not', () => {
    for (const size of [28, 32, 17]) expect(model.forward(images(2, 1, size, size)).shape).toEqual([2, 10]);
  });

  it('begins with the same weights for the same seed', () => {
    const weights = (seed: number) =>
      createModel('article-resnet', { ...article, seed })
        .parameters()
        .map((p) => p.value);
    expect(weights(3)).toEqual(weights(3));
    expect(weights(3)[0]).not.toEqual(weights(4)[0]);
  });
});

describe('its options', () => {
  const build = (options: Partial<ModelOptions>) => createModel('article-resnet', { ...article, ...options });

  it('1x1 shortcuts save 8/9 of the shortcuts’ weights', () => {
    const saved = 8 * (16 * 32 + 32 * 64);
    expect(countParameters(build({ shortcut: '1x1' }))).toBe(195_450 - saved);
  });

  it('the plain twin has the same layers without shortcuts', () => {
    const twin = createModel('article-plainnet', article);
    const residual = [...createModel('article-resnet', article).stateDict().keys()];
    expect([...twin.stateDict().keys()]).toEqual(residual.filter((name) => !name.includes('downsample')));
    const adds = (model: Module) =>
      ancestors(model.eval().forward(images(1, 1, 8, 8))).filter(({ operation }) => operation?.name === 'add').length;
    expect(adds(build({})) - adds(twin)).toBe(6 + 2 * 2);
  });

  it('without normalisation every convolution has a bias', () => {
    const names = [...build({ normalise: false }).stateDict().keys()];
    expect(names.some((name) => name.includes('bn'))).toBe(false);
    expect(names.filter((name) => name.endsWith('conv1.bias'))).toHaveLength(6);
    expect(names).toContain('layer2.0.downsample.0.bias');
  });

  it('activation, depth, widths, channels, classes and dropout', () => {
    const model = build({
      activation: 'sigmoid',
      layers: [3, 1, 1],
      widths: [8, 8, 12],
      inChannels: 3,
      classes: 4,
      dropout: 0.2,
    });
    const { layers, outputShape } = summarise(model, [2, 3, 16, 16]);
    expect(outputShape).toEqual([2, 4]);
    expect(layers.filter(({ kind }) => kind === 'Sigmoid')).toHaveLength(1 + 2 * 5);
    expect(layers.map(({ kind }) => kind)).toContain('Dropout');
    expect(layers.find(({ name }) => name === 'layer1.2.conv2')?.outputShape).toEqual([2, 8, 16, 16]);
  });

  it('an identity shortcut cannot change the shape', () => {
    expect(() => new ResidualBlock(16, 32, { random: random() })).toThrow('an identity shortcut needs stride 1');
  });
});

describe('summarise', () => {
  it('lists layers in the order in which they run', () => {
    const model = createModel('article-resnet', { ...article, layers: [1, 1, 1] });
    const { layers } = summarise(model, [1, 1, 32, 32]);
    const block = layers.filter(({ name }) => name.startsWith('layer2.0'));
    expect(block.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'layer2.0.conv1 Conv2d',
      'layer2.0.bn1 BatchNorm2d',
      'layer2.0.activation1 ReLU',
      'layer2.0.conv2 Conv2d',
      'layer2.0.bn2 BatchNorm2d',
      'layer2.0.downsample.0 Conv2d',
      'layer2.0.downsample.1 BatchNorm2d',
      'layer2.0.activation2 ReLU',
    ]);
    expect(block[0]).toMatchObject({ outputShape: [1, 32, 16, 16], parameters: 4608, multiplyAdds: 4608 * 256 });
    expect(layers.at(-1)).toMatchObject({ name: 'fc', parameters: 650, multiplyAdds: 640 });
  });

  it('leaves the mode as it was', () => {
    const model = createModel('article-resnet', article);
    summarise(model, [1, 1, 32, 32]);
    expect([...model.namedModules().values()].every(({ training }) => training)).toBe(true);
  });
});
