// Whole powers with the same bits on every platform, which Math.pow doesn't promise.

/** base^exponent by repeated squaring. @param exponent an integer >= 0 */
export function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const half = power(base, Math.floor(exponent / 2));
  return exponent % 2 === 0 ? half * half : half * half * base;
}
