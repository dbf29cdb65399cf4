// A batch, the memory it stands in, and the one function that fills it: used by the loader of this thread and by the
// worker of the prefetching one, so that both give the same bits.

import { ResiduaError, UsageError } from '../errors.ts';
import { randomStream } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import type { FloatImage, ImageShape } from './image.ts';
import type { Compose } from './transforms/index.ts';

/** Valid until the next batch is asked for: the memory is used again. */
export interface Batch {
  /** Float32 [size, C, H, W]. */
  readonly images: Float32Array;
  /** Classes [size]. */
  readonly labels: Int32Array;
  /** Number of images: less than the batch size at most in the last batch of an epoch. */
  readonly size: number;
  /** The places of the images in the data set [size]. */
  readonly indices: Uint32Array;
}

/** The bytes of one batch; a worker and its owner each make a `BatchBuffers` over the same ones. */
export interface BatchMemory {
  readonly images: ArrayBufferLike;
  readonly labels: ArrayBufferLike;
  readonly indices: ArrayBufferLike;
}

export function allocateBatch(
  batchSize: number,
  [channels, height, width]: ImageShape,
  allocate: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): BatchMemory {
  return {
    images: allocate(4 * batchSize * channels * height * width),
    labels: allocate(4 * batchSize),
    indices: allocate(4 * batchSize),
  };
}

/** The views of one batch's memory that are needed again and again, made once. */
export class BatchBuffers {
  /** Where each image of the batch goes. */
  readonly places: readonly FloatImage[];
  readonly #full: Batch;
  #partial: Batch;

  constructor(memory: BatchMemory, batchSize: number, [channels, height, width]: ImageShape) {
    const images = new Float32Array(memory.images);
    const size = channels * height * width;
    this.places = Array.from({ length: batchSize }, (_, i) => {
      return { channels, height, width, data: images.subarray(i * size, (i + 1) * size) };
    });
    const labels = new Int32Array(memory.labels);
    this.#full = { images, labels, indices: new Uint32Array(memory.indices), size: batchSize };
    this.#partial = this.#full;
  }

  /** The first `size` images of the batch. */
  batch(size: number): Batch {
    if (size === this.#full.size) return this.#full;
    if (size !== this.#partial.size) {
      const { images, labels, indices } = this.#full;
      this.#partial = {
        images: images.subarray(0, (images.length / this.#full.size) * size),
        labels: labels.subarray(0, size),
        indices: indices.subarray(0, size),
        size,
      };
    }
    return this.#partial;
  }
}

/** @returns how images of this shape are filled into a batch, [C, H, W]; an error when they cannot be */
export function batchImageShape(transform: Compose, imageShape: ImageShape): ImageShape {
  const { shape, dtype } = transform.outputType(imageShape);
  if (dtype !== 'float32') {
    throw new UsageError(`the transforms must end with a float32 image, found bytes: ${transform}`, {
      hint: 'Add ToTensor.',
    });
  }
  return shape;
}

/**
 * Makes the function that fills a batch with the images `order[start]`, `order[start + 1]`, ... The random numbers of an
 * image are keyed by (seed, epoch, place in the data set): they don't depend on the batch it is in, nor on the thread.
 */
export function batchPreparer(dataset: Dataset, transform: Compose, seed: number) {
  const prepared = transform.prepare(dataset.imageShape);
  const stream = randomStream({ seed, purpose: 'augment' });
  return (buffers: BatchBuffers, order: Uint32Array, start: number, size: number, epoch: number): Batch => {
    const batch = buffers.batch(size);
    for (let i = 0; i < size; i++) {
      const index = order[start + i];
      const { image, label } = dataset.get(index);
      try {
        prepared(image, stream.at(epoch, index), buffers.places[i]);
      } catch (error) {
        if (!(error instanceof ResiduaError)) throw error;
        throw new ResiduaError(`${dataset.name}: image ${index}: ${error.message}`, { hint: error.hint, cause: error });
      }
      batch.labels[i] = label;
      batch.indices[i] = index;
    }
    return batch;
  };
}
