// What a transform is: plain data that says what to do (`config`, which goes into config.json and to a worker thread),
// a rule that says what shape comes out, and a pure function of an image and a random stream. Semantics and argument
// names are torchvision's. `prepare` fixes the input type once, so that the function itself checks and allocates nothing.
// Where images differ in size, the type says so (null for height and width), until a transform brings them to one.

import { ResiduaError, UsageError } from '../../errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { type FloatImage, type Image, type ImageShape, type InputShape, isFloatImage } from '../image.ts';

export type AnyImage = Image | FloatImage;

export interface ImageType {
  readonly shape: InputShape;
  /** uint8: an `Image`, interleaved. float32: a `FloatImage`, in planes. */
  readonly dtype: 'uint8' | 'float32';
}

export function typeOf(image: AnyImage): { shape: ImageShape; dtype: ImageType['dtype'] } {
  const { channels, height, width } = image;
  return { shape: [channels, height, width], dtype: isFloatImage(image) ? 'float32' : 'uint8' };
}

/**
 * Transforms `input` into `output`, which has the type that `outputType` gives for this input; its contents may be anything
 * before. Sizes are those of the image at hand.
 *
 * @returns `output`, or `input` itself where there was nothing to change
 */
export type Step = (input: AnyImage, stream: RandomStream, output: AnyImage) => AnyImage;

/** A JSON object with the name and the arguments of a transform, as torchvision calls them. */
export interface TransformConfig {
  readonly name: string;
  readonly [argument: string]: unknown;
}

export interface Transform {
  readonly config: TransformConfig;
  /** Whether it draws random numbers; what doesn't gives the same result in every epoch. */
  readonly random: boolean;
  /**
   * A rule on types: with null in, null may come out; with a whole size in, a whole size comes out.
   *
   * @throws ResiduaError when an image of this type cannot be transformed
   */
  outputType(input: ImageType): ImageType;
  /** The function for images of this type; `outputType` has accepted it. */
  prepare(input: ImageType): Step;
}

/** One line, as torchvision prints it: `Pad(padding=4, fill=0)`. */
export function describe({ config }: Transform): string {
  const shown = ([argument, value]: [string, unknown]) => `${argument}=${JSON.stringify(value)}`;
  const { name, ...args } = config;
  return `${name}(${Object.entries(args).map(shown).join(', ')})`;
}

export function allocateImage([channels, height, width]: ImageShape, dtype: ImageType['dtype']): AnyImage {
  const size = channels * height * width;
  if (dtype === 'uint8') return { channels, height, width, data: new Uint8Array(size) };
  return { channels, height, width, data: new Float32Array(size) };
}

/** [height, width] from torchvision's `size`: one number for a square, or both. */
export function parseSize(transform: string, size: unknown): readonly [number, number] {
  const pair = Array.isArray(size) ? size : [size, size];
  if (pair.length !== 2 || !pair.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw wrongArgument(transform, 'size', 'a positive integer or [height, width]', size);
  }
  return [pair[0], pair[1]];
}

/** One number for all four sides, [left and right, top and bottom], or [left, top, right, bottom]; in pixels. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number];

/** [left, top, right, bottom]. */
export function parsePadding(transform: string, padding: unknown): readonly [number, number, number, number] {
  const given = Array.isArray(padding) ? padding : [padding, padding];
  const sides = given.length === 2 ? [...given, ...given] : given;
  if (sides.length !== 4 || !sides.every((side) => Number.isInteger(side) && side >= 0)) {
    const expected = 'an integer >= 0, [left/right, top/bottom] or [left, top, right, bottom]';
    throw wrongArgument(transform, 'padding', expected, padding);
  }
  return sides as [number, number, number, number];
}

/** The value of the pixels outside of the image: 0 to 255 for bytes, anything finite for floats. */
export function parseFill(transform: string, fill: unknown): number {
  if (typeof fill !== 'number' || !Number.isFinite(fill)) throw wrongArgument(transform, 'fill', 'a number', fill);
  return fill;
}

export function wrongArgument(transform: string, argument: string, expected: string, found: unknown): UsageError {
  return new UsageError(`${transform}: ${argument} must be ${expected}, found ${JSON.stringify(found) ?? found}`);
}

/** [least, most], both above 0. */
export function parseRange(transform: string, argument: string, range: unknown): readonly [number, number] {
  const right = Array.isArray(range) && range.length === 2 && range.every((end) => Number.isFinite(end) && end > 0);
  if (right && range[0] <= range[1]) return [range[0], range[1]];
  throw wrongArgument(transform, argument, '[least, most], both above 0', range);
}

/** @throws ResiduaError unless the image is still one of bytes */
export function requireBytes(transform: string, dtype: ImageType['dtype']): void {
  if (dtype === 'uint8') return;
  throw new ResiduaError(`${transform} takes an image of bytes, found one that is float32 already`, {
    hint: `Put ${transform} before ToTensor.`,
  });
}

/** Evenly from [least, most). */
export function between([least, most]: readonly [number, number], stream: RandomStream): number {
  return least + (most - least) * stream.uniform();
}

/** As Python rounds. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const half = x - below;
  if (half !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
