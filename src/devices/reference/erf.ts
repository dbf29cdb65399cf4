// The error function erf(x) = 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, to double precision. JavaScript has
// none. Two classical expansions, each where it converges fast and without cancellation.

import { exp } from '../../tensor/elementary.ts';

/** Abramowitz & Stegun 7.1.6 up to 3, 7.1.14 beyond. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const magnitude = Math.abs(x);
  const value = magnitude < 3 ? series(magnitude) : 1 - complement(magnitude);
  return x < 0 ? -value : value;
}

/** erf(x) = 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)): all terms are positive. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * exp(-x * x) * sum;
}

/** 1 - erf(x) = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))), from the inside out. */
function complement(x: number): number {
  let denominator = x;
  for (let n = 60; n >= 1; n--) denominator = x + n / 2 / denominator;
  return exp(-x * x) / Math.sqrt(Math.PI) / denominator;
}
