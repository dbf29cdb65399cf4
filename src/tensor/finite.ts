// Looks for NaN and infinities in many numbers: nearly always in vain, so one multiplication and one addition a number.

/** The place of the first number that is not finite; -1 where all are. */
export function findNonFinite(numbers: Float32Array | Float64Array | Int32Array): number {
  // x * 0 is 0 for every number but infinities and NaN.
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] * 0;
  return sum === 0 ? -1 : numbers.findIndex((x) => !Number.isFinite(x));
}
