import { expect, it } from 'vitest';
import { nearest } from './suggest.ts';

it.each([
  ['mnits', 'mnist'],
  ['MNIST', 'mnist'],
  ['fashion_mnist', 'fashion-mnist'],
  ['fashon-mnst', 'fashion-mnist'],
  ['cifar10', undefined],
  ['', undefined],
])('%j is taken for %j', (word, meant) => {
  expect(nearest(word, ['mnist', 'fashion-mnist'])).toBe(meant);
});
