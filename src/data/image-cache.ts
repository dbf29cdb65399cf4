// Keeps what decoding and the unchanging first transforms have made of an image, so that later epochs begin there:
//
//   file -> decode -> Resize -> [ kept ] -> RandomResizedCrop -> flip -> ToTensor -> Normalize
//
// Bounded: once the bytes are used up nothing more is taken in, and the remaining images are made anew each time. An epoch
// visits every image once, so throwing out the oldest would never leave one that is still to come.

import type { RandomStream } from '../tensor/random.ts';
import type { Dataset, Example } from './dataset.ts';
import { type Image, type InputShape, isFixed } from './image.ts';
import type { Compose } from './transforms/index.ts';
import { allocateImage } from './transforms/transform.ts';

/** Bytes of images that one loader keeps, where nothing is said. */
export const CACHE_BYTES = 2 ** 30;

export interface PreparedSource {
  /** The shape of the images that come out. */
  readonly imageShape: InputShape;
  get(index: number, stream: RandomStream): Example;
}

/** @param first transforms that draw no random numbers, from bytes to bytes */
export function cachedSource(dataset: Dataset, first: Compose, bytes: number): PreparedSource {
  const { shape } = first.outputType(dataset.imageShape);
  const kept: (Example | undefined)[] = [];
  let room = bytes;
  return {
    imageShape: shape,
    get: (index, stream) => {
      const known = kept[index];
      if (known) return known;
      const { image, ...labels } = dataset.get(index);
      const example = { image: applyTo(image, first, stream), ...labels };
      const size = example.image.data.length;
      if (size <= room) {
        room -= size;
        kept[index] = example;
      }
      return example;
    },
  };
}

function applyTo(image: Image, transforms: Compose, stream: RandomStream): Image {
  if (transforms.transforms.length === 0) return image;
  const shape = [image.channels, image.height, image.width] as const;
  const { shape: result } = transforms.outputType(shape);
  if (!isFixed(result)) throw new Error(`${transforms} gives no size for [${shape.join(', ')}]`);
  const output = allocateImage(result, 'uint8') as Image;
  transforms.prepare(shape)(image, stream, output);
  return output;
}
