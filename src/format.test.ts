import { describe, expect, it } from 'vitest';
import { alternatives, bytes, clock, count, counted, duration, magnitude, percent } from './format.ts';

describe('numbers as people read them', () => {
  it.each([
    [count(195_450), '195,450'],
    [counted(1, 'image'), '1 image'],
    [counted(10_000, 'image'), '10,000 images'],
    [counted(0, 'image'), '0 images'],
    [magnitude(28_459_648), '28.46 M'],
    [magnitude(999), '999'],
    [percent(0.99312), '99.31 %'],
    [bytes(47_040_016), '47.0 MB'],
    [bytes(999), '999 B'],
    [duration(0.5), '0.50 s'],
    [duration(59.94), '59.9 s'],
    [duration(59.96), '1 min 00 s'],
    [duration(291), '4 min 51 s'],
    [duration(3_599.6), '1 h 00 min'],
    [duration(7_500), '2 h 05 min'],
    [clock(41.2), '0:42'],
    [clock(3_750), '1:02:30'],
    [clock(Number.POSITIVE_INFINITY), '-:--'],
    [clock(Number.NaN), '-:--'],
    [alternatives(['a']), 'a'],
    [alternatives(['a', 'b', 'c']), 'a, b or c'],
  ])('%s', (found, expected) => {
    expect(found).toBe(expected);
  });
});
