import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { type Purpose, permutation, philox4x32, randomStream, type Words4 } from './random.ts';

describe('Philox4x32-10 gives the known answers published with Random123', () => {
  const all = 0xffffffff;
  it.each<[string, Words4, [number, number], number[]]>([
    ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    ['ones', [all, all, all, all], [all, all], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      'digits of pi',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('%s', (_, counter, key, words) => {
    expect([...philox4x32(counter, key)]).toEqual(words);
  });
});

describe('a random stream', () => {
  const of = (seed: number, purpose: Purpose, epoch: number, index: number) =>
    randomStream({ seed, purpose, epoch, index });

  it('is the blocks of Philox with the documented key and counter', () => {
    const seed = 5 * 2 ** 32 + 7;
    const stream = of(seed, 'augment', 3, 11);
    const key = [7, 2 * 2 ** 21 + 5] as const;
    const expected = [0, 1].flatMap((block) => [...philox4x32([block, 11, 3, 0], key)]);
    expect(Array.from(expected, () => stream.uint32())).toEqual(expected);
  });

  it('differs when any part of its name differs, and repeats when none does', () => {
    const first = (s: ReturnType<typeof of>) => `${s.uint32()} ${s.uint32()}`;
    const names = [of(1, 'split', 0, 0), of(2, 'split', 0, 0), of(1 + 2 ** 32, 'split', 0, 0), of(1, 'shuffle', 0, 0)];
    names.push(of(1, 'split', 1, 0), of(1, 'split', 0, 1), of(2 ** 53 - 1, 'split', 0, 0));
    expect(new Set(names.map(first)).size).toBe(names.length);
    expect(first(of(1, 'split', 1, 1))).toBe(first(of(1, 'split', 1, 1)));
  });

  it('can be moved, and then forgets where it was', () => {
    const moved = of(9, 'augment', 0, 0);
    moved.normal();
    moved.at(4, 2);
    const fresh = of(9, 'augment', 4, 2);
    expect([moved.normal(), moved.uint32()]).toEqual([fresh.normal(), fresh.uint32()]);
  });

  it('refuses a seed, an epoch or a range it cannot tell apart', () => {
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => of(seed, 'split', 0, 0)).toThrow(UsageError);
    expect(() => of(0, 'split', -1, 0)).toThrow('epoch must be an integer from 0 to 2^32 - 1, found -1');
    expect(() => of(0, 'split', 0, 0).integer(0)).toThrow('1 <= n <= 2^32, found 0');
  });

  it('draws uniform numbers in [0, 1) that float32 holds exactly', () => {
    const stream = of(1, 'dropout', 0, 0);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) {
      const u = stream.uniform();
      if (u < 0 || u >= 1 || Math.fround(u) !== u) throw new Error(`${u}`);
      sum += u;
    }
    // The mean of 100,000 has a standard deviation of 0.0009.
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.004);
  });

  it('draws integers without bias, by the chi-squared test with 6 degrees of freedom', () => {
    const stream = of(2, 'split', 0, 0);
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]++;
    const chiSquared = counts.reduce((total, count) => total + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(22.5); // 0.1 % of unbiased generators exceed it
    const large = 2 ** 31 + 1; // nearly half of the words must be drawn again
    for (let i = 0; i < 1000; i++) expect(stream.integer(large)).toBeLessThan(large);
  });

  it('forks into what it would have given next and what comes behind that', () => {
    for (const drawn of [0, 1, 3, 4, 9]) {
      for (const words of [0, 1, 2, 4, 7]) {
        const [whole, forked] = [0, 1].map(() => of(8, 'initialise', 2, 5));
        for (let i = 0; i < drawn; i++) expect(forked.uint32()).toBe(whole.uint32());
        const fork = forked.fork(words);
        // In any order.
        const behind = [forked.uint32(), forked.uint32()];
        expect(Array.from({ length: words }, () => fork.uint32())).toEqual(
          Array.from({ length: words }, () => whole.uint32()),
        );
        expect(behind).toEqual([whole.uint32(), whole.uint32()]);
      }
    }
  });

  it('draws normal numbers with the moments of the normal distribution', () => {
    const stream = of(3, 'initialise', 0, 0);
    const moments = [0, 0, 0, 0];
    const n = 200_000;
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      for (let power = 1; power <= 4; power++) moments[power - 1] += x ** power / n;
    }
    // Standard deviations of these estimates: 0.0022, 0.0032, 0.0087, 0.022.
    expect(Math.abs(moments[0])).toBeLessThan(0.01);
    expect(Math.abs(moments[1] - 1)).toBeLessThan(0.014);
    expect(Math.abs(moments[2])).toBeLessThan(0.04);
    expect(Math.abs(moments[3] - 3)).toBeLessThan(0.1);
  });
});

describe('a permutation', () => {
  it('holds every number once', () => {
    const order = permutation(1000, randomStream({ seed: 1, purpose: 'shuffle' }));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('gives each of the six orders of three things equally often', () => {
    const stream = randomStream({ seed: 4, purpose: 'shuffle' });
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const order = permutation(3, stream).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquared = [...counts.values()].reduce((total, count) => total + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(20.5); // 0.1 %, 5 degrees of freedom
  });
});
