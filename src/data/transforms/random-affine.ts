// RandomRotation and RandomAffine: the image turned, moved, scaled and sheared at random about its middle.

import type { Image } from '../image.ts';
import { affineMap, rotationMap, transformAffine } from './affine.ts';
import {
  between,
  parseFill,
  parseRange,
  requireBytes,
  roundHalfToEven,
  type Transform,
  wrongArgument,
} from './transform.ts';

/** One number x for [-x, x], or the range itself. */
export type Degrees = number | readonly [number, number];

export interface RandomRotationOptions {
  readonly interpolation?: 'nearest' | 'bilinear';
  /** Of what lies outside of the image; 0 by default. */
  readonly fill?: number;
}

/** @param degrees of which the angle is drawn, counter-clockwise */
export function randomRotation(
  degrees: Degrees,
  { interpolation = 'nearest', fill = 0 }: RandomRotationOptions = {},
): Transform {
  const angles = parseDegrees('RandomRotation', 'degrees', degrees);
  parseMapping('RandomRotation', interpolation);
  parseFill('RandomRotation', fill);
  return {
    config: { name: 'RandomRotation', degrees, interpolation, fill },
    random: true,
    outputType: (input) => {
      requireBytes('RandomRotation', input.dtype);
      return input;
    },
    prepare: () => (input, stream, output) => {
      const image = input as Image;
      transformAffine(image, rotationMap(between(angles, stream), image), output as Image, interpolation, fill);
      return output;
    },
  };
}

export interface RandomAffineOptions extends RandomRotationOptions {
  /** The most that it is moved, as shares of width and height; none by default. */
  readonly translate?: readonly [number, number];
  /** Of the factor by which it is scaled; none by default. */
  readonly scale?: readonly [number, number];
  /** Degrees along x; or [least x, most x, least y, most y]; none by default. */
  readonly shear?: Degrees | readonly [number, number, number, number];
}

/** @param degrees of which the angle is drawn, clockwise */
export function randomAffine(
  degrees: Degrees,
  { translate, scale, shear, interpolation = 'nearest', fill = 0 }: RandomAffineOptions = {},
): Transform {
  const angles = parseDegrees('RandomAffine', 'degrees', degrees);
  const [shareX, shareY] = translate === undefined ? [0, 0] : parseShares(translate);
  if (scale !== undefined) parseRange('RandomAffine', 'scale', scale);
  const [shearX, shearY] = parseShear(shear);
  parseMapping('RandomAffine', interpolation);
  parseFill('RandomAffine', fill);
  const said = { translate, scale, shear };
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    config: { name: 'RandomAffine', degrees, ...given, interpolation, fill },
    random: true,
    outputType: (input) => {
      requireBytes('RandomAffine', input.dtype);
      return input;
    },
    prepare: () => (input, stream, output) => {
      const image = input as Image;
      const shift = (most: number) => roundHalfToEven(between([-most, most], stream));
      const angle = between(angles, stream);
      const moved = [shift(shareX * image.width), shift(shareY * image.height)] as const;
      const size = scale === undefined ? 1 : between(scale, stream);
      const sheared = [between(shearX, stream), between(shearY, stream)] as const;
      const map = affineMap({ angle, translate: moved, scale: size, shear: sheared }, image);
      transformAffine(image, map, output as Image, interpolation, fill);
      return output;
    },
  };
}

function parseDegrees(transform: string, argument: string, degrees: unknown): readonly [number, number] {
  const range = typeof degrees === 'number' && degrees >= 0 ? [-degrees, degrees] : degrees;
  if (Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] <= range[1]) {
    return [range[0], range[1]];
  }
  throw wrongArgument(transform, argument, 'a number of degrees >= 0 or [least, most]', degrees);
}

function parseShear(shear: unknown): readonly [readonly [number, number], readonly [number, number]] {
  if (shear === undefined)
    return [
      [0, 0],
      [0, 0],
    ];
  if (!Array.isArray(shear) || shear.length !== 4) return [parseDegrees('RandomAffine', 'shear', shear), [0, 0]];
  const half = (i: number) => parseDegrees('RandomAffine', 'shear', shear.slice(i, i + 2));
  return [half(0), half(2)];
}

function parseShares(translate: unknown): readonly [number, number] {
  const share = (x: unknown) => typeof x === 'number' && x >= 0 && x <= 1;
  if (Array.isArray(translate) && translate.length === 2 && translate.every(share)) return [translate[0], translate[1]];
  throw wrongArgument('RandomAffine', 'translate', 'two shares from 0 to 1', translate);
}

function parseMapping(transform: string, interpolation: unknown): void {
  if (interpolation === 'nearest' || interpolation === 'bilinear') return;
  throw wrongArgument(transform, 'interpolation', "'nearest' or 'bilinear'", interpolation);
}
