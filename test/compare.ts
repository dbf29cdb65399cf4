// How far two tensors are apart: the one measure that all comparisons use.

type Numbers = ArrayLike<number>;

/**
 * max|actual - expected| / max|expected|: the largest error on the scale of the tensor, not of each element. NaN anywhere
 * and wrong lengths count as infinitely far. Where everything expected is 0, the error itself.
 */
export function relativeError(actual: Numbers, expected: Numbers): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return scale === 0 ? error : error / scale;
}
