// A number for each channel to multiply by and one to add: what a bias, a batch norm in evaluation mode and a mean's
// division come to. Several in a row are one, and one behind a convolution or a matrix product is no work at all:
//
//   scale * (W x + b) + shift = (scale W) x + (scale b + shift)

import type { Shape } from '../../tensor/index.ts';

export interface Affine {
  /** One for each channel. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** All channels have the same. */
  readonly uniform: boolean;
}

export function identity(channels: number): Affine {
  return { scale: new Float64Array(channels).fill(1), shift: new Float64Array(channels), uniform: true };
}

/** As far as float32 can tell. */
export function isIdentity({ scale, shift }: Affine): boolean {
  return scale.every((value) => Math.fround(value) === 1) && shift.every((value) => Math.fround(value) === 0);
}

/**
 * The result of an operation between an affine of x and a constant.
 *
 * @param constant its values for each channel; see perChannel
 * @param constantFirst constant - x instead of x - constant
 * @returns undefined for what is no affine of x, such as 1 / x
 */
export function combine(
  operation: string,
  { scale, shift, uniform }: Affine,
  constant: Float64Array,
  constantFirst: boolean,
): Affine | undefined {
  const same = uniform && constant.every((value) => value === constant[0]);
  const of = (scaled: (i: number) => number, shifted: (i: number) => number): Affine => ({
    scale: scale.map((_, i) => scaled(i)),
    shift: shift.map((_, i) => shifted(i)),
    uniform: same,
  });
  switch (operation) {
    case 'add':
      return of(
        (i) => scale[i],
        (i) => shift[i] + constant[i],
      );
    case 'sub':
      if (constantFirst)
        return of(
          (i) => -scale[i],
          (i) => constant[i] - shift[i],
        );
      return of(
        (i) => scale[i],
        (i) => shift[i] - constant[i],
      );
    case 'mul':
      return of(
        (i) => scale[i] * constant[i],
        (i) => shift[i] * constant[i],
      );
    case 'div':
      if (constantFirst) return undefined;
      return of(
        (i) => scale[i] / constant[i],
        (i) => shift[i] / constant[i],
      );
    default:
      return undefined;
  }
}

/**
 * A constant as one value for each channel of x, or undefined where it differs within a channel.
 *
 * @param shape the constant's; it is broadcast to x's
 * @param x the shape of the other operand, [N, C, ...]
 */
export function perChannel(values: ArrayLike<number>, shape: Shape, x: Shape): Float64Array | undefined {
  const channels = x[1];
  if (values.length === 1 && shape.length <= x.length) return new Float64Array(channels).fill(values[0]);
  const channelAxis = shape.length - (x.length - 1);
  const fits = shape.every((extent, axis) => extent === (axis === channelAxis ? channels : 1));
  return fits && values.length === channels ? Float64Array.from(values) : undefined;
}
