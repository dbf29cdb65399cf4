// Counts are those that papers and torchvision publish. test/golden/zoo.test.ts compares names, shapes and logits.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { Input } from '../tensor/index.ts';
import {
  countParameters,
  createModel,
  findModel,
  listModels,
  type ModelOptions,
  type ShortcutOption,
  summarise,
} from './index.ts';

function build(name: string, options: Partial<ModelOptions> = {}) {
  const { classes, inChannels } = findModel(name);
  return createModel(name, { classes, inChannels, seed: 0, ...options });
}

function multiplyAdds(name: string): number {
  const { inChannels, imageSize } = findModel(name);
  return summarise(build(name), [1, inChannels, imageSize, imageSize]).multiplyAdds;
}

describe('parameters', () => {
  // He et al. 2015, sec. 4.2 and table 6 (there rounded), with 10 classes.
  it.each<[string, ShortcutOption, number]>([
    ['resnet8', 'A', 75_290],
    ['resnet20', 'A', 269_722],
    ['resnet20', 'B', 272_474],
    ['resnet32', 'A', 464_154],
    ['resnet32', 'B', 466_906],
    ['resnet44', 'A', 658_586],
    ['resnet44', 'B', 661_338],
    ['resnet56', 'A', 853_018],
    ['resnet56', 'B', 855_770],
    ['resnet110', 'A', 1_727_962],
    ['resnet110', 'B', 1_730_714],
    ['resnet1202', 'A', 19_421_274],
  ])('of %s with shortcuts %s: %i', (name, shortcut, parameters) => {
    expect(countParameters(build(name, { shortcut }))).toBe(parameters);
  });

  // torchvision's `num_params`, and the sizes that implementations of He et al. 2016 report.
  it.each([
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
    ['resnet152', 60_192_808],
    ['resnext50_32x4d', 25_028_904],
    ['resnext101_32x8d', 88_791_336],
    ['wide_resnet50_2', 68_883_240],
    ['wide_resnet101_2', 126_886_696],
    ['preact-resnet164', 1_703_258],
    ['preact-resnet1001', 10_327_706],
  ])('of %s: %i', (name, parameters) => {
    expect(countParameters(build(name))).toBe(parameters);
  });

  it('of a plain twin are those without the convolutions and norms of shortcuts', () => {
    for (const { name, twin, residual, shortcuts } of listModels()) {
      if (!residual) continue;
      const inShortcuts = [...build(name).namedParameters()].filter(([key]) => key.includes('downsample'));
      const saved = inShortcuts.reduce((sum, [, { size }]) => sum + size, 0);
      expect(saved > 0, name).toBe(shortcuts[0] !== 'A');
      expect(countParameters(build(twin)), twin).toBe(countParameters(build(name)) - saved);
    }
  });
});

describe('multiply-adds of an image', () => {
  // torchvision's `_ops`, in G.
  it.each([
    ['resnet18', 1.814],
    ['resnet34', 3.664],
    ['resnet50', 4.089],
    ['resnet101', 7.801],
    ['resnet152', 11.514],
    ['resnext50_32x4d', 4.23],
    ['resnext101_32x8d', 16.414],
    ['wide_resnet50_2', 11.398],
    ['wide_resnet101_2', 22.753],
  ])('of 224x224 in %s: %f G', (name, published) => {
    expect(multiplyAdds(name) / 1e9).toBeCloseTo(published, 3);
  });
});

describe('every model', () => {
  it.each(listModels().map(({ name, twin }) => [name, twin]))('%s', (name, twin) => {
    expect(findModel(twin).twin).toBe(name);
    const wanted = { inChannels: 2, classes: 7, imageSize: 33, dropout: 0.5 };
    const small = { ...wanted, layers: findModel(name).imageSize === 224 ? [1, 1, 1, 1] : [1, 1, 1] };
    expect(build(name, small).forward(new Input('images', [3, 2, 33, 40])).shape).toEqual([3, 7]);
  });

  it('is described without drawing its weights', () => {
    const model = build('resnet1202');
    for (const parameter of model.parameters()) {
      Object.defineProperty(parameter, 'value', { get: () => expect.unreachable('a weight was drawn') });
    }
    expect(summarise(model, [1, 3, 32, 32]).layers).toHaveLength(600 * 6 + 2 * 2 + 6);
  });
});

describe('zeroInitResidual', () => {
  it.each(['resnet18', 'resnet50', 'resnet20'])('lets the blocks of %s begin as their shortcuts', (name) => {
    const last = name === 'resnet50' ? 'bn3.weight' : 'bn2.weight';
    const norms = (zeroInitResidual: boolean) =>
      [...build(name, { zeroInitResidual }).namedParameters()].filter(([key]) => /layer\d.*bn\d.weight/.test(key));
    for (const [key, { value }] of norms(true)) expect(value[0], key).toBe(key.endsWith(last) ? 0 : 1);
    for (const [key, { value }] of norms(false)) expect(value[0], key).toBe(1);
  });

  it.each([
    ['plainnet20', {}, 'nothing would get through'],
    ['preact-resnet20', {}, 'does not end with a norm'],
    ['resnet20', { normalise: false }, 'there are no norms'],
  ])('is refused in %s %o', (name, options, reason) => {
    expect(() => build(name, { ...options, zeroInitResidual: true })).toThrow(reason);
  });
});

describe('options that are wrong', () => {
  it.each<[string, object, string]>([
    ['article-resnet', { shortcut: 'A' }, 'article-resnet has no shortcuts of form A'],
    ['resnet18', { shortcut: '3x3' }, 'resnet18 has no shortcuts of form 3x3'],
    ['plainnet18', { shortcut: 'B' }, 'plainnet18 is a plain network'],
    ['resnet18', { shortcut: 'D' }, '\'shortcut\' of resnet18 must be one of A, B, C, 1x1, 3x3, found "D"'],
    ['resnet18', { layers: [2, 2, 2] }, "resnet18 has 4 stages, but 'layers' has 3: [2, 2, 2]"],
    ['resnet20', { widths: [1, 2, 3, 4] }, "resnet20 has 3 stages, but 'widths' has 4"],
    ['resnet20', { widths: [16, 0, 64] }, "'widths' of resnet20 must be a list"],
    ['resnet20', { layers: [1e9, 1, 1] }, "'layers' of resnet20 must be a list"],
    ['resnet20', { widths: [32, 16, 64] }, 'zeros can be added to channels, but none taken away'],
    ['resnet20', { dropout: 1 }, 'at least 0 and below 1, found 1'],
    ['resnet20', { classes: 0 }, "'classes' of resnet20 must be a whole number from 1"],
    ['resnet20', { seed: -1 }, "'seed' of resnet20 must be a whole number from 0"],
    ['resnet20', { activation: 'step' }, "'activation' of resnet20 must be one of relu"],
    ['resnet20', { depth: 20 }, "resnet20 has no option 'depth'"],
    ['resnet20', { toString: 1 }, "resnet20 has no option 'toString'"],
  ])('%s %o', (name, options, message) => {
    expect(() => build(name, options)).toThrow(message);
  });

  it('and names that do not exist', () => {
    expect(() => findModel('resnet-7')).toThrow(UsageError);
    expect(() => findModel('resnet-7')).toThrow("there is no model called 'resnet-7'");
  });
});
