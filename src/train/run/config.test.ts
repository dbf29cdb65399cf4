// From what a user says to a complete configuration.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { parseRunConfig, type RunOverrides } from './config.ts';
import { resolveRunConfig } from './resolve-config.node.ts';

describe('a configuration', () => {
  it("of the article's recipe has the article's settings", () => {
    expect(resolveRunConfig({ recipe: 'article' })).toMatchObject({
      dataset: 'mnist',
      model: 'article-resnet',
      task: 'single-label',
      labelSmoothing: 0,
      epochs: 100,
      batchSize: 32,
      learningRate: 0.001,
      optimizer: { name: 'adam' },
      schedule: { name: 'constant' },
      logEvery: 100,
      layerStats: true,
      transforms: {
        train: [
          { name: 'Pad', padding: 4 },
          { name: 'RandomHorizontalFlip' },
          { name: 'RandomCrop', size: 32 },
          { name: 'ToTensor' },
        ],
        test: [{ name: 'Pad', padding: 2 }, { name: 'ToTensor' }],
      },
    });
  });

  it("of Fashion-MNIST's recipe averages the weights, unless it is told not to", () => {
    const recipe = 'fashion-mnist';
    expect(resolveRunConfig({ recipe })).toMatchObject({ dataset: recipe, ema: { decay: 0.999, warmUp: true } });
    expect(resolveRunConfig({ recipe, ema: null }).ema).toBeNull();
  });

  it('of the default recipe trains digits for at most three epochs, without flips', () => {
    const config = resolveRunConfig();
    expect(config.recipe).toBe('digits');
    expect(config.epochs).toBeLessThanOrEqual(3);
    expect(JSON.stringify(config.transforms)).not.toContain('Flip');
  });

  it('takes what is said and nothing else; undefined is not said', () => {
    const said: RunOverrides = { epochs: 7, seed: 3, batchSize: undefined, model: 'article-plainnet' };
    const { epochs, seed, model, versions, ...rest } = resolveRunConfig(said);
    expect({ epochs, seed, model }).toEqual({ epochs: 7, seed: 3, model: 'article-plainnet' });
    expect(resolveRunConfig()).toMatchObject(rest);
    expect(versions.node).toBe(process.versions.node);
  });

  it("leaves the recipe's label smoothing out of another task", () => {
    expect(resolveRunConfig().labelSmoothing).toBeGreaterThan(0);
    expect(resolveRunConfig({ task: 'multi-label' }).labelSmoothing).toBe(0);
  });

  it("normalises by the data set's own statistics", () => {
    const [digits, clothes] = ['mnist', 'fashion-mnist'].map((dataset) => resolveRunConfig({ dataset }));
    expect(digits.transforms.test).toContainEqual({ name: 'Normalize', mean: [0.1307], std: [0.3081] });
    expect(clothes.transforms.test).toContainEqual({ name: 'Normalize', mean: [0.286], std: [0.353] });
  });

  it('is the same after a journey through JSON', () => {
    const config = resolveRunConfig({ schedule: 'step', optimizer: 'sgd', limit: 5 });
    expect(parseRunConfig(JSON.parse(JSON.stringify(config)), 'config.json')).toEqual(config);
  });
});

describe('an optimizer or a schedule that is named', () => {
  it("keeps the recipe's settings when it is the recipe's own", () => {
    const { optimizer, schedule, learningRate } = resolveRunConfig();
    expect(resolveRunConfig({ optimizer: optimizer.name, schedule: schedule.name })).toMatchObject({
      optimizer,
      schedule,
      learningRate,
    });
  });

  it('has its usual settings and learning rate otherwise', () => {
    expect(resolveRunConfig({ optimizer: 'sgd' })).toMatchObject({
      optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      learningRate: 0.05,
    });
    expect(resolveRunConfig({ optimizer: 'sgd', learningRate: 0.3 }).learningRate).toBe(0.3);
    expect(resolveRunConfig({ schedule: 'step', epochs: 6 }).schedule).toEqual({ name: 'step', everyEpochs: 2 });
  });
});

describe('a configuration is refused', () => {
  const wrong: [RunOverrides, string | RegExp][] = [
    [{ recipe: 'soup' }, "there is no recipe called 'soup'"],
    [{ dataset: 'no-such' }, "there is no data set named 'no-such'"],
    [{ model: 'vgg' }, "there is no model called 'vgg'"],
    [{ optimizer: 'lion' }, "there is no optimizer called 'lion'"],
    [{ schedule: 'constructor' }, "there is no schedule called 'constructor'"],
    [{ epochs: 0 }, /epochs: .*>=1/],
    [{ batchSize: 1.5 }, /batchSize: .*int/],
    [{ learningRate: Number.NaN }, /learningRate: .*NaN/],
    [{ learningRate: -1 }, /learningRate: .*>=0/],
    [{ labelSmoothing: 2, epochs: -1 }, /labelSmoothing: .*epochs: |epochs: .*labelSmoothing: /],
    [{ modelOptions: { widths: [1, 2] as never } }, /modelOptions.widths/],
    [{ optimizer: { name: 'adam', betas: [0.9, 1] } }, /optimizer.betas/],
    [{ seed: -1 }, /seed: /],
    [{ checkpointSeconds: -1 }, /checkpointSeconds: .*>=0/],
    [{ accumulate: 0 }, /accumulate: .*>=1/],
    [{ clipGradNorm: 0 }, /clipGradNorm: .*>0/],
    [{ ema: { decay: 1, warmUp: true } }, /ema.decay: .*<1/],
    [{ patience: 3 }, 'needs training images that are held out'],
  ];

  it.each(wrong)('%j', (overrides, message) => {
    expect(() => resolveRunConfig(overrides)).toThrow(UsageError);
    expect(() => resolveRunConfig(overrides)).toThrow(message);
  });

  it('with a field that is not known', () => {
    const config = { ...resolveRunConfig(), epoch: 3 };
    expect(() => parseRunConfig(config, 'config.json')).toThrow(/config.json: .*"epoch"/);
  });
});
