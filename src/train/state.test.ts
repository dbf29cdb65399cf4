// Counters of a training as text: what was written is read back, and what is none is refused by name.

import { expect, it } from 'vitest';
import { parseCounters, TrainingState } from './state.ts';

const norms = {
  step: 20,
  layers: ['conv', 'fc'],
  gradients: [0.5, 0.25],
  weights: [4, 2],
  activations: { layers: ['relu'], mean: [0.1], std: [0.2], dead: [0] },
};
const best = { epoch: 2, accuracy: 0.9, loss: 0.3 };
const sums = { loss: 12.5, correct: 7, images: 16 };
const counters = {
  epoch: 3,
  batch: 4,
  step: 34,
  logPoints: 5,
  images: 2176,
  seconds: 1.5,
  gradientNorm: 0.75,
  best,
  norms: [norms],
  epochSums: sums,
  windowSums: sums,
};

it('counters are read back as they were', () => {
  const text = JSON.stringify(new TrainingState(parseCounters(JSON.stringify(counters))));
  expect(JSON.parse(text)).toEqual(counters);
});

it.each<[string, object]>([
  ['epoch', { epoch: -1 }],
  ['step', { step: 1.5 }],
  ['seconds', { seconds: null }],
  ['gradientNorm', { gradientNorm: 'long' }],
  ['best', { best: { ...best, accuracy: '90 %' } }],
  ['norms', { norms: 3 }],
  ['norms', { norms: [null] }],
  ['norms', { norms: [{ ...norms, gradients: 1 }] }],
  ['norms', { norms: [{ ...norms, activations: undefined }] }],
  ['windowSums', { windowSums: { ...sums, images: 0.5 } }],
])('counters with a wrong %s are refused', (name, wrong) => {
  expect(() => parseCounters(JSON.stringify({ ...counters, ...wrong }))).toThrow(`counters are wrong: ${name}`);
});
