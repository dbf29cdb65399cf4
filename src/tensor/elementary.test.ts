import { describe, expect, it } from 'vitest';
import { cos, exp, log, log1p, sin, tanh } from './elementary.ts';

/** Math.* of V8 is itself within 1 unit in the last place; two such units apart at most: 2 * 2^-52. */
const TOLERANCE = 4.5e-16;

function worst(f: (x: number) => number, oracle: (x: number) => number, xs: Iterable<number>): number {
  let most = 0;
  for (const x of xs) {
    const expected = oracle(x);
    const error = Math.abs(f(x) - expected) / Math.max(Math.abs(expected), 2 ** -1022);
    if (!(error <= most)) most = error;
  }
  return most;
}

/** n points from `from` to `to` that fall on no regular grid of the reductions. */
function* between(from: number, to: number, n: number): Generator<number> {
  for (let i = 0; i <= n; i++) yield from + (to - from) * ((i + ((i * 0.618) % 1)) / (n + 1));
}

describe('exp', () => {
  it('agrees with Math.exp from the smallest to the largest result', () => {
    expect(worst(exp, Math.exp, between(-708, 709.7, 50_000))).toBeLessThan(TOLERANCE);
    expect(worst(exp, Math.exp, between(-1, 1, 50_000))).toBeLessThan(TOLERANCE);
    expect(worst(exp, Math.exp, between(-1e-8, 1e-8, 1000))).toBeLessThan(TOLERANCE);
    for (const x of between(-745, -708, 1000)) expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(2 ** -1074);
  });

  it('has the special values', () => {
    expect([exp(0), exp(-0)]).toEqual([1, 1]);
    expect([exp(Infinity), exp(-Infinity), exp(710), exp(-746)]).toEqual([Infinity, 0, Infinity, 0]);
    expect(exp(Number.NaN)).toBeNaN();
  });
});

describe('log', () => {
  it('agrees with Math.log over the whole range of float64', () => {
    const powers = Array.from({ length: 2000 }, (_, i) => 10 ** (-307 + i * 0.3075));
    expect(worst(log, Math.log, powers)).toBeLessThan(TOLERANCE);
    expect(worst(log, Math.log, between(0.5, 2, 50_000))).toBeLessThan(TOLERANCE);
    expect(worst(log, Math.log, [5e-324, 1e-310, 2 ** -1022, Number.MAX_VALUE])).toBeLessThan(TOLERANCE);
    expect(worst(log, Math.log, [1 + 2 ** -52, 1 - 2 ** -53, 1 + 1e-9, 1 - 1e-9])).toBeLessThan(TOLERANCE);
  });

  it('has the special values', () => {
    expect([log(1), log(0), log(-0), log(Infinity)]).toEqual([0, -Infinity, -Infinity, Infinity]);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
  });
});

describe('tanh and log1p', () => {
  const near = [...between(-1e-8, 1e-8, 1000), ...between(-0.5, 0.5, 20_000)];

  // Both divide once more than exp and log do.
  it('agree with Math.tanh and Math.log1p, near 0 too', () => {
    expect(worst(tanh, Math.tanh, near)).toBeLessThan(2 * TOLERANCE);
    expect(worst(tanh, Math.tanh, between(-25, 25, 50_000))).toBeLessThan(2 * TOLERANCE);
    expect(worst(log1p, Math.log1p, near)).toBeLessThan(2 * TOLERANCE);
    expect(worst(log1p, Math.log1p, between(-0.999, 1e6, 50_000))).toBeLessThan(2 * TOLERANCE);
  });

  it('have the special values', () => {
    expect([tanh(0), tanh(Infinity), tanh(-Infinity), tanh(1e300)]).toEqual([0, 1, -1, 1]);
    expect(Object.is(tanh(-0), -0)).toBe(true);
    expect([log1p(0), log1p(-1), log1p(Infinity)]).toEqual([0, -Infinity, Infinity]);
    for (const f of [tanh, log1p]) expect(f(Number.NaN)).toBeNaN();
    expect(log1p(-2)).toBeNaN();
  });
});

describe('cos and sin', () => {
  it('agree with Math.cos and Math.sin up to a million radians', () => {
    for (const [f, oracle] of [
      [cos, Math.cos],
      [sin, Math.sin],
    ] as const) {
      expect(worst(f, oracle, between(-10, 10, 50_000))).toBeLessThan(TOLERANCE);
      expect(worst(f, oracle, between(-1e6, 1e6, 50_000))).toBeLessThan(TOLERANCE);
    }
  });

  it('keep their digits beside a zero, where the reduction cancels', () => {
    const multiples = Array.from({ length: 20_000 }, (_, k) => (k * Math.PI) / 2);
    expect(worst(cos, Math.cos, multiples)).toBeLessThan(TOLERANCE);
    expect(worst(sin, Math.sin, multiples)).toBeLessThan(TOLERANCE);
  });

  it('have the special values', () => {
    expect([cos(0), sin(0), cos(Math.PI)]).toEqual([1, 0, -1]);
    expect(Object.is(sin(-0), -0)).toBe(true);
    expect(sin(Number.POSITIVE_INFINITY)).toBeNaN();
    expect(() => cos(1e7)).toThrow('|x| <= 1.6 million');
  });
});
