// Verdicts on networks whose numbers are made up, so that what they must be is plain to see.

import { describe, expect, it } from 'vitest';
import { checkWellFormed } from '../../../test/well-formed.ts';
import type { NormsPoint } from '../progress.ts';
import { resolveRunConfig } from '../run/resolve-config.node.ts';
import { inEnglish } from './claim-texts.ts';
import { type ClaimId, isWorse, judge } from './claims.ts';
import { type ComparedNetwork, type Comparison, ratioText } from './comparison.ts';
import { idOf, modelOf, nameOf, type Variant, variantsOf } from './networks.ts';
import { renderComparison } from './report/report.ts';

const norms = (step: number, first: number, last = 1): NormsPoint => ({
  step,
  layers: ['conv1', 'layer1.0.conv1', 'layer3.0.conv2', 'fc'],
  gradients: [first, 0.5, last, 3],
  weights: [1, 1, 1, 1],
  activations: { layers: ['activation'], mean: [0], std: [1], dead: [0] },
});

function network(variant: Partial<Variant>, more: Partial<ComparedNetwork> = {}): ComparedNetwork {
  const own: Variant = { depth: 8, residual: false, activation: 'relu', batchNorm: true, ...variant };
  return {
    ...own,
    id: idOf(own),
    name: nameOf(own),
    parameters: 1,
    multiplyAdds: 1,
    state: 'trained',
    problem: null,
    accuracy: 0.9,
    loss: 0.3,
    trainingLoss: 0.3,
    trainingAccuracy: 0.9,
    curve: [
      { epoch: 0.5, loss: 1, accuracy: 0.5 },
      { epoch: 1, loss: 0.3, accuracy: 0.9 },
    ],
    norms: { first: norms(0, 1), last: norms(10, 1) },
    seconds: 1,
    ...more,
  };
}

const verdict = (id: ClaimId, networks: readonly ComparedNetwork[]) =>
  judge(networks, 4000).find((claim) => claim.id === id)!.verdict;

const gradient = (first: number) => ({ norms: { first: norms(0, first), last: null } });

describe('degradation', () => {
  const deep = (accuracy: number | null, trainingLoss: number | null, state: 'trained' | 'diverged' = 'trained') =>
    verdict('degradation', [network({}), network({ depth: 56 }, { accuracy, trainingLoss, state })]);

  it('is seen where the deep plain network learns less and tests worse', () => expect(deep(0.8, 0.6)).toBe('seen'));
  it('is not seen where it learns more and tests no worse', () => expect(deep(0.9, 0.2)).toBe('not seen'));
  it('is partly seen where the test says nothing beyond chance', () => expect(deep(0.895, 0.6)).toBe('partly'));
  it('is seen where it diverged', () => expect(deep(null, null, 'diverged')).toBe('seen'));
  it('is open with one depth', () => expect(verdict('degradation', [network({})])).toBe('open'));
});

describe('shortcuts', () => {
  const deep = (plain: number, residual: number) =>
    verdict('shortcuts', [
      network({}),
      network({ residual: true }),
      network({ depth: 56 }, { accuracy: plain }),
      network({ depth: 56, residual: true }, { accuracy: residual }),
    ]);

  it('are seen to help where the deep residual network beats its twin', () => expect(deep(0.5, 0.92)).toBe('seen'));
  it('only partly where it is worse than the shallow one', () => expect(deep(0.5, 0.8)).toBe('partly'));
  it('only partly where the twin is as good', () => expect(deep(0.92, 0.92)).toBe('partly'));
});

describe('gradients', () => {
  it.each([
    [1e-3, 'seen', 'not seen'],
    [0.5, 'not seen', 'seen'],
    [50, 'not seen', 'seen'],
    [1e6, 'not seen', 'partly'],
  ])('of %f at the first layer', (first, vanishing, healthy) => {
    const networks = [network({ depth: 56 }, gradient(first))];
    expect(verdict('vanishing', networks)).toBe(vanishing);
    expect(verdict('healthy', networks)).toBe(healthy);
  });

  it('vanish with sigmoids and not with ReLUs, or both, or neither', () => {
    const pair = (relu: number, sigmoid: number) =>
      verdict('activation', [
        network({ batchNorm: false }, gradient(relu)),
        network({ batchNorm: false, activation: 'sigmoid' }, gradient(sigmoid)),
      ]);
    expect([pair(1, 1e-9), pair(1e-5, 1e-9), pair(1, 1)]).toEqual(['seen', 'not seen', 'not seen']);
  });

  it('get past layers by shortcuts, or do not', () => {
    const pair = (plain: number, residual: number) =>
      verdict('through-shortcuts', [
        network({ batchNorm: false, activation: 'sigmoid' }, gradient(plain)),
        network({ batchNorm: false, activation: 'sigmoid', residual: true }, gradient(residual)),
      ]);
    expect([pair(1e-9, 0.1), pair(1e-9, 1e-6), pair(0.1, 0.1)]).toEqual(['seen', 'not seen', 'not seen']);
  });
});

it('says nothing before a network is done', () => {
  expect(judge([network({}, { state: 'waiting' })], 4000)).toEqual([]);
});

it('knows chance: two standard errors of the difference of two shares', () => {
  // 0.9 and 0.89 of 4000: the standard error is sqrt(2 0.895 0.105 / 4000) = 0.00685.
  const accuracies = (a: number, b: number) => [network({}, { accuracy: a }), network({}, { accuracy: b })] as const;
  expect(isWorse(...accuracies(0.887, 0.9), { testImages: 4000 })).toBe(false);
  expect(isWorse(...accuracies(0.886, 0.9), { testImages: 4000 })).toBe(true);
});

it.each([
  [35.2, '35'],
  [1, '1'],
  [0.0123, '0.012'],
  [1.44e-9, '1.4e-9'],
  [123456, '1.2e+5'],
])('writes %f as %s', (value, text) => expect(ratioText(value)).toBe(text));

describe('networks', () => {
  it('are all there are of a grid, shallow ones first', () => {
    const ids = variantsOf({ depths: [20, 8, 8], activations: ['relu'], batchNorm: [true, false] }).map(idOf);
    expect(ids).toEqual([
      'plainnet8-relu-bn',
      'resnet8-relu-bn',
      'plainnet8-relu',
      'resnet8-relu',
      'plainnet20-relu-bn',
      'resnet20-relu-bn',
      'plainnet20-relu',
      'resnet20-relu',
    ]);
  });

  it('have as many layers as is said, also where the zoo has none of that name', () => {
    const variant = { depth: 14, residual: true, activation: 'sigmoid', batchNorm: false } as const;
    const { model, modelOptions } = modelOf(variant);
    expect(model).toBe('resnet20');
    expect(modelOptions).toEqual({ activation: 'sigmoid', layers: [2, 2, 2], shortcut: 'A', normalise: false });
    expect(() => resolveRunConfig({ model, modelOptions })).not.toThrow();
  });

  it.each([7, 9, 2])('of %i layers do not exist', (depth) => {
    expect(() => variantsOf({ depths: [depth], activations: ['relu'], batchNorm: [true] })).toThrow(
      'depths are 6n + 2',
    );
  });
});

describe('the report', () => {
  const grid = { depths: [8, 56], activations: ['relu', 'sigmoid'], batchNorm: [true, false] } as const;
  const networks = variantsOf(grid).map((variant) =>
    variant.depth === 56 && !variant.batchNorm && !variant.residual
      ? network(variant, {
          state: 'diverged',
          problem: '<b>NaN</b>',
          accuracy: null,
          loss: null,
          trainingLoss: null,
          curve: [],
        })
      : network(variant),
  );
  const comparison: Comparison = {
    status: 'finished',
    grid,
    config: { ...resolveRunConfig(), dataset: '<script>alert(1)</script>', command: 'npx residua compare' },
    classes: 10,
    trainImages: 4000,
    testImages: 4000,
    networks,
    claims: judge(networks, 4000).map(inEnglish),
  };
  const page = renderComparison('a "name" & <more>', comparison);

  it('is whole, stands alone, and nothing in it becomes markup', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    checkWellFormed(page);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|url\(/);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('has every accuracy, and says which networks diverged', () => {
    const table = page.slice(page.indexOf('aria-label="Test accuracies"'), page.indexOf('</table>'));
    expect(table.match(/90\.0 %/g)).toHaveLength(14);
    expect(table.match(/diverged/g)).toHaveLength(2);
    expect(page).toContain('npx residua compare');
  });

  it('has a verdict for every claim', () => {
    expect(page.match(/<p class="verdict /g)).toHaveLength(6);
  });
});
