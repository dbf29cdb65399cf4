// Compose: a chain of transforms, the preprocessing of a data set. It is a list of plain data that can be stored and
// sent to a worker (`config`, `fromConfig`), and a function over images once the size of the images is known (`prepare`).

import { ResiduaError } from '../../errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { Image, ImageShape } from '../image.ts';
import { toTensorThenNormalize } from './tensor.ts';
import {
  type AnyImage,
  allocateImage,
  describe,
  type ImageType,
  type Step,
  type Transform,
  type TransformConfig,
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
  outputType(shape: ImageShape): ImageType {
    return this.#types(shape).at(-1)!;
  }

  /** The shape [C, H, W] of the result. */
  outputShape(shape: ImageShape): ImageShape {
    return this.outputType(shape).shape;
  }

  /** The function for images of this shape. It owns the memory between the steps: one thread, one call at a time. */
  prepare(shape: ImageShape): PreparedTransform {
    const types = this.#types(shape);
    const steps: { run: Step; between: AnyImage }[] = [];
    for (let i = 0; i < this.transforms.length; i++) {
      const next = this.transforms[i + 1];
      if (this.transforms[i].config.name === 'ToTensor' && next?.config.name === 'Normalize') {
        const run = toTensorThenNormalize(next, types[i].shape[0]);
        i++;
        steps.push({ run, between: allocateImage(types[i + 1]) });
      } else {
        steps.push({ run: this.transforms[i].prepare(types[i]), between: allocateImage(types[i + 1]) });
      }
    }
    const [channels, height, width] = shape;
    return (input, stream, output) => {
      if (input.channels !== channels || input.height !== height || input.width !== width) {
        const found = `[${input.channels}, ${input.height}, ${input.width}]`;
        throw new ResiduaError(`expected an image of shape [${shape.join(', ')}], found ${found}`, {
          hint: 'All images of a data set must have the same size: put them into one size first.',
        });
      }
      let image: AnyImage = input;
      for (let i = 0; i < steps.length; i++) {
        image = steps[i].run(image, stream, i === steps.length - 1 ? output : steps[i].between);
      }
      if (image !== output) output.data.set(image.data);
    };
  }

  /** Transforms one image into a new one. */
  apply(image: Image, stream: RandomStream): AnyImage {
    const shape = [image.channels, image.height, image.width] as const;
    const output = allocateImage(this.outputType(shape));
    this.prepare(shape)(image, stream, output);
    return output;
  }

  toString(): string {
    return `Compose(${this.transforms.map(describe).join(', ')})`;
  }

  /** The type before the first transform, after the first, ... after the last. */
  #types(shape: ImageShape): ImageType[] {
    const types: ImageType[] = [{ shape, dtype: 'uint8' }];
    for (const transform of this.transforms) {
      try {
        types.push(transform.outputType(types.at(-1)!));
      } catch (error) {
        if (!(error instanceof ResiduaError)) throw error;
        throw new ResiduaError(`${describe(transform)}: ${error.message}`, { hint: error.hint, cause: error });
      }
    }
    return types;
  }
}

export function compose(transforms: readonly Transform[]): Compose {
  return new Compose(transforms);
}
