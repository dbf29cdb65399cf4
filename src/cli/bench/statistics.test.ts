import { describe, expect, it } from 'vitest';
import { spread } from './statistics.ts';

describe('the spread of measurements', () => {
  it('has the middle one as its median, whatever their order', () => {
    expect(spread([9, 1, 100, 3, 2])).toEqual({ median: 3, min: 1, max: 100, runs: 5 });
  });

  it('has the mean of the middle two where they are even in number', () => {
    expect(spread([4, 1, 10, 2])).toEqual({ median: 3, min: 1, max: 10, runs: 4 });
  });

  it('is refused for no measurements', () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});
