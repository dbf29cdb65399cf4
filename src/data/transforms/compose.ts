// Compose: a chain of transforms, the preprocessing of a data set. It is a list of plain data that can be stored and
// sent to a worker (`config`, `fromConfig`), and a function over images once their shape is known (`prepare`), be it of one
// size or of many.

import { ResiduaError, UsageError } from '../../errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { type Image, type ImageShape, type InputShape, isFixed } from '../image.ts';
import { toTensorThenNormalize } from './tensor.ts';
import {
  type AnyImage,
  allocateImage,
  describe,
  type ImageType,
  type Step,
  type Transform,
  type TransformConfig,
  typeOf,
} from './transform.ts';

/** Writes the transformed image into `output`, which has the output type. */
export type PreparedTransform = (input: Image, stream: RandomStream, output: AnyImage) => void;

export class Compose {
  readonly transforms: readonly Transform[];

  constructor(transforms: readonly Transform[]) {
    this.transforms = transforms;
  }

  /** A JSON array, one object a transform; `fromConfig` reads it back. */
  get config(): TransformConfig[] {
    return this.transforms.map((transform) => transform.config);
  }

  /** The type of the result for images of bytes with this shape [C, H, W]; an error names the transform that fails. */
  outputType(shape: InputShape): ImageType {
    return this.#types({ shape, dtype: 'uint8' }).at(-1)!;
  }

  /**
   * The shape [C, H, W] of the result.
   *
   * @throws UsageError when images of different sizes still have different sizes at the end
   */
  outputShape(shape: InputShape): ImageShape {
    const result = this.outputType(shape);
    if (isFixed(result.shape)) return result.shape;
    throw new UsageError(`the images differ in size, and the transforms don't bring them to one size: ${this}`, {
      hint: 'Put Resize([height, width]), RandomResizedCrop(size), or Resize(size) and CenterCrop(size) before ToTensor.',
    });
  }

  /**
   * The chain in two: what is the same for an image in every epoch and still gives bytes, and the rest. The results of the
   * first may be kept.
   */
  split(): readonly [Compose, Compose] {
    const end = this.transforms.findIndex(({ random, config }) => random || config.name === 'ToTensor');
    const count = end === -1 ? 0 : end;
    return [new Compose(this.transforms.slice(0, count)), new Compose(this.transforms.slice(count))];
  }

  /** The function for images of this shape. It owns the memory between the steps: one thread, one call at a time. */
  prepare(shape: InputShape): PreparedTransform {
    const steps = this.#steps(shape);
    const [channels, height, width] = shape;
    return (input, stream, output) => {
      const other = (expected: number | null, found: number) => expected !== null && expected !== found;
      if (input.channels !== channels || other(height, input.height) || other(width, input.width)) {
        const expected = shape.map((extent) => extent ?? 'any').join(', ');
        const found = `[${input.channels}, ${input.height}, ${input.width}]`;
        throw new ResiduaError(`expected an image of shape [${expected}], found ${found}`, {
          hint: 'The data set says that all of its images have that shape.',
        });
      }
      let image: AnyImage = input;
      for (let i = 0; i < steps.length; i++) {
        image = steps[i].run(image, stream, i === steps.length - 1 ? output : steps[i].between(image));
      }
      if (image !== output) output.data.set(image.data);
    };
  }

  /** Transforms one image into a new one. */
  apply(image: Image, stream: RandomStream): AnyImage {
    const { shape } = typeOf(image);
    const output = allocateImage(this.outputShape(shape), this.outputType(shape).dtype);
    this.prepare(shape)(image, stream, output);
    return output;
  }

  toString(): string {
    return `Compose(${this.transforms.map(describe).join(', ')})`;
  }

  /** Functions, and for each the memory for its result: one place for images of one size, otherwise as large as needed. */
  #steps(shape: InputShape): { run: Step; between: (input: AnyImage) => AnyImage }[] {
    const types = this.#types({ shape, dtype: 'uint8' });
    const steps: { run: Step; between: (input: AnyImage) => AnyImage }[] = [];
    for (let i = 0; i < this.transforms.length; i++) {
      const transform = this.transforms[i];
      const next = this.transforms[i + 1];
      if (transform.config.name === 'ToTensor' && next?.config.name === 'Normalize') {
        const run = toTensorThenNormalize(next, types[i].shape[0]);
        i++;
        steps.push({ run, between: memory(types[i + 1], (input) => next.outputType(transform.outputType(input))) });
      } else {
        steps.push({ run: transform.prepare(types[i]), between: memory(types[i + 1], (t) => transform.outputType(t)) });
      }
    }
    return steps;
  }

  /** The type before the first transform, after the first, ... after the last. */
  #types(input: ImageType): ImageType[] {
    const types = [input];
    for (const transform of this.transforms) {
      try {
        const type = transform.outputType(types.at(-1)!);
        checkPixels(type.shape);
        types.push(type);
      } catch (error) {
        if (!(error instanceof ResiduaError)) throw error;
        throw new ResiduaError(`${describe(transform)}: ${error.message}`, { hint: error.hint, cause: error });
      }
    }
    return types;
  }
}

/** No image on its way may become larger, in pixels: as many as a file's picture may have. */
const MOST_PIXELS = 50_000_000;

function checkPixels([, height, width]: InputShape): void {
  if ((height ?? 1) * (width ?? 1) <= MOST_PIXELS) return;
  throw new UsageError(
    `gives images of ${height} x ${width} pixels; at most ${MOST_PIXELS / 1e6} megapixels are taken`,
    {
      hint: 'Choose a smaller size.',
    },
  );
}

function memory({ shape, dtype }: ImageType, rule: (input: ImageType) => ImageType): (input: AnyImage) => AnyImage {
  if (isFixed(shape)) {
    const image = allocateImage(shape, dtype);
    return () => image;
  }
  let largest = dtype === 'uint8' ? new Uint8Array(0) : new Float32Array(0);
  return (input) => {
    const [channels, height, width] = rule(typeOf(input)).shape as ImageShape;
    const size = channels * height * width;
    if (largest.length < size) largest = dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
    return { channels, height, width, data: largest.subarray(0, size) } as AnyImage;
  };
}

export function compose(transforms: readonly Transform[]): Compose {
  return new Compose(transforms);
}
