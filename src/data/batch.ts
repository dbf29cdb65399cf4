// A batch, the memory it stands in, and the one function that fills it: used by the loader of this thread and by the
// worker of the prefetching one, so that both give the same bits.

import { ResiduaError, UsageError } from '../errors.ts';
import { randomStream } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import type { FloatImage, ImageShape, InputShape } from './image.ts';
import { cachedSource, type PreparedSource } from './image-cache.ts';
import { batchMixer, type MixOptions } from './mix.ts';
import type { Compose } from './transforms/index.ts';

/** Valid until the next batch is asked for: the memory is used again. */
export interface Batch {
  /** Float32 [size, C, H, W]. */
  readonly images: Float32Array;
  /** Classes [size]; -1 in a multi-label data set. */
  readonly labels: Int32Array;
  /** Multi-label data sets only: float32 [size, classes], 1 where the image has the class, in between in mixed images. */
  readonly targets?: Float32Array;
  /** Number of images: less than the batch size at most in the last batch of an epoch. */
  readonly size: number;
  /** The places of the images in the data set [size]. */
  readonly indices: Uint32Array;
  /** Only where the loader mixes images. */
  readonly mixed?: Mixed;
}

/** What was mixed into the images of a batch. */
export interface Mixed {
  /** Classes [size]. */
  readonly partners: Int32Array;
  /** How much of each image is its own, 0 to 1; the rest is its partner's [1]. */
  readonly share: Float32Array;
}

/** What the memory of a batch depends on. */
export interface BatchLayout {
  readonly batchSize: number;
  readonly imageShape: ImageShape;
  /** Classes of a multi-label data set; 0 where each image has one class. */
  readonly targets: number;
  readonly mixed: boolean;
}

/** The bytes of one batch; a worker and its owner each make a `BatchBuffers` over the same ones. */
export interface BatchMemory {
  readonly images: ArrayBufferLike;
  readonly labels: ArrayBufferLike;
  readonly targets: ArrayBufferLike;
  readonly indices: ArrayBufferLike;
  readonly partners: ArrayBufferLike;
  readonly share: ArrayBufferLike;
}

/** Of all that allocateBatch makes. */
export function batchBytes(layout: BatchLayout): number {
  let sum = 0;
  allocateBatch(layout, (bytes) => {
    sum += bytes;
    return NOTHING;
  });
  return sum;
}

const NOTHING = new ArrayBuffer(0);

export function allocateBatch(
  { batchSize, imageShape: [channels, height, width], targets }: BatchLayout,
  allocate: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): BatchMemory {
  return {
    images: allocate(4 * batchSize * channels * height * width),
    labels: allocate(4 * batchSize),
    targets: allocate(4 * batchSize * targets),
    indices: allocate(4 * batchSize),
    partners: allocate(4 * batchSize),
    share: allocate(4),
  };
}

/** The views of one batch's memory that are needed again and again, made once. */
export class BatchBuffers {
  /** Where each image of the batch goes. */
  readonly places: readonly FloatImage[];
  readonly #targets: number;
  readonly #full: Batch;
  #partial: Batch;

  constructor(memory: BatchMemory, layout: BatchLayout) {
    const { batchSize, imageShape, targets, mixed } = layout;
    const [channels, height, width] = imageShape;
    const images = new Float32Array(memory.images);
    const size = channels * height * width;
    this.places = Array.from({ length: batchSize }, (_, i) => {
      return { channels, height, width, data: images.subarray(i * size, (i + 1) * size) };
    });
    this.#targets = targets;
    this.#full = {
      images,
      labels: new Int32Array(memory.labels),
      targets: targets === 0 ? undefined : new Float32Array(memory.targets),
      indices: new Uint32Array(memory.indices),
      mixed: mixed ? { partners: new Int32Array(memory.partners), share: new Float32Array(memory.share) } : undefined,
      size: batchSize,
    };
    this.#partial = this.#full;
  }

  /** The first `size` images of the batch. */
  batch(size: number): Batch {
    if (size === this.#full.size) return this.#full;
    if (size !== this.#partial.size) {
      const { images, labels, targets, indices, mixed } = this.#full;
      this.#partial = {
        images: images.subarray(0, (images.length / this.#full.size) * size),
        labels: labels.subarray(0, size),
        targets: targets?.subarray(0, size * this.#targets),
        indices: indices.subarray(0, size),
        mixed: mixed && { partners: mixed.partners.subarray(0, size), share: mixed.share },
        size,
      };
    }
    return this.#partial;
  }
}

/** @returns how images of this shape are filled into a batch, [C, H, W]; an error when they cannot be */
export function batchImageShape(transform: Compose, imageShape: InputShape): ImageShape {
  const { dtype } = transform.outputType(imageShape);
  if (dtype !== 'float32') {
    throw new UsageError(`the transforms must end with a float32 image, found bytes: ${transform}`, {
      hint: 'Add ToTensor.',
    });
  }
  return transform.outputShape(imageShape);
}

export interface PrepareOptions {
  readonly transform: Compose;
  readonly seed: number;
  readonly mix: MixOptions;
  /** Of images that are kept. */
  readonly cacheBytes: number;
}

/**
 * Makes the function that fills a batch with the images `order[start]`, `order[start + 1]`, ... The random numbers of an
 * image are keyed by (seed, epoch, place in the data set): they don't depend on the batch it is in, nor on the thread.
 */
export function batchPreparer(dataset: Dataset, { transform, seed, mix, cacheBytes }: PrepareOptions) {
  const [source, rest] = sourceOf(dataset, transform, cacheBytes);
  const prepared = rest.prepare(source.imageShape);
  const stream = randomStream({ seed, purpose: 'augment' });
  const mixBatch = batchMixer(mix, seed);
  return (buffers: BatchBuffers, order: Uint32Array, start: number, size: number, epoch: number): Batch => {
    const batch = buffers.batch(size);
    for (let i = 0; i < size; i++) {
      const index = order[start + i];
      try {
        const { image, label, labels } = source.get(index, stream);
        prepared(image, stream.at(epoch, index), buffers.places[i]);
        batch.labels[i] = label;
        if (labels) batch.targets?.set(labels, i * labels.length);
      } catch (error) {
        if (!(error instanceof ResiduaError)) throw error;
        throw new ResiduaError(`${dataset.name}: image ${index}: ${error.message}`, { hint: error.hint, cause: error });
      }
      batch.indices[i] = index;
    }
    mixBatch(batch, buffers.places, epoch, start);
    return batch;
  };
}

/** Where images come from, and which transforms remain to be done. */
function sourceOf(dataset: Dataset, transform: Compose, cacheBytes: number): [PreparedSource, Compose] {
  if (!dataset.costly) return [dataset, transform];
  const [first, rest] = transform.split();
  return [cachedSource(dataset, first, cacheBytes), rest];
}
