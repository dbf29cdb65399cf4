// DataLoader: goes through a data set in batches, an epoch at a time, in this thread and on any platform. Its sibling
// that prepares batches ahead in a worker thread is made by `createLoader` (Node) and gives the same batches to the bit.

import { UsageError } from '../errors.ts';
import { checkSeed } from '../tensor/random.ts';
import { allocateBatch, type Batch, BatchBuffers, type BatchLayout, batchImageShape, batchPreparer } from './batch.ts';
import type { Dataset } from './dataset.ts';
import type { ImageShape } from './image.ts';
import { CACHE_BYTES } from './image-cache.ts';
import { isMixed, type MixOptions } from './mix.ts';
import { batchCount, epochOrder } from './sampler.ts';
import { type Compose, compose, toTensor } from './transforms/index.ts';

export interface LoaderOptions {
  /** Images a batch, 1 or more. */
  readonly batchSize: number;
  /** A new random order every epoch; otherwise the order of the data set. Default false. */
  readonly shuffle?: boolean;
  /** Of the order and of random transforms: an integer from 0 to 2^53 - 1. Default 0. */
  readonly seed?: number;
  /** From the data set's images to the network's; ToTensor alone by default. */
  readonly transform?: Compose;
  /** Leaves out the last batch of an epoch when it has fewer images than the others. Default false. */
  readonly dropLast?: boolean;
  /** Mixes the images of a batch with each other; not by default. */
  readonly mix?: MixOptions;
  /** Bytes of decoded images that are kept for later epochs, where they stand in files; 1 GiB by default. */
  readonly cacheBytes?: number;
}

export interface EpochOptions {
  /** The number of batches to leave out at the beginning: where a broken-off epoch goes on. Default 0. */
  readonly startBatch?: number;
}

/** What a training loop needs to know of a loader. */
export interface BatchLoader {
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** [C, H, W] of the images in a batch. */
  readonly imageShape: ImageShape;
  readonly batchesPerEpoch: number;
  /**
   * The batches of an epoch, the same ones whenever it is asked for. A batch is valid until the next one is asked for,
   * and a new epoch ends the one before.
   */
  epoch(epoch: number, options?: EpochOptions): AsyncIterableIterator<Batch>;
  /** Ends what works in the background; the loader gives no more batches. */
  close(): Promise<void>;
}

/** The options with nothing left open, checked against the data set. */
export function resolveOptions(dataset: Dataset, options: LoaderOptions) {
  const {
    batchSize,
    shuffle = false,
    seed = 0,
    transform = compose([toTensor()]),
    dropLast = false,
    mix = {},
    cacheBytes = CACHE_BYTES,
  } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new UsageError(`the batch size must be an integer >= 1, found ${batchSize}`);
  }
  checkSeed(seed);
  if (dataset.length === 0) throw new UsageError(`${dataset.name} has no images`);
  const batchesPerEpoch = batchCount(dataset.length, batchSize, dropLast);
  if (batchesPerEpoch === 0) {
    throw new UsageError(`${dataset.name} has ${dataset.length} images: no full batch of ${batchSize}`, {
      hint: 'Take a smaller batch size, or keep the last, partial batch.',
    });
  }
  const imageShape = batchImageShape(transform, dataset.imageShape);
  const targets = dataset.multiLabel ? dataset.classes.length : 0;
  // No batch has more images than there are.
  const most = Math.min(batchSize, dataset.length);
  const layout: BatchLayout = { batchSize: most, imageShape, targets, mixed: isMixed(mix) };
  checkBatchBytes(layout);
  return { shuffle, seed, transform, dropLast, mix, cacheBytes, batchesPerEpoch, layout };
}

/** Bytes of the images of a batch: three batches are in memory at a time. */
const MOST_BATCH_BYTES = 2 ** 31;

function checkBatchBytes({ batchSize, imageShape }: BatchLayout): void {
  const bytes = 4 * imageShape.reduce((product, extent) => product * extent, batchSize);
  if (bytes <= MOST_BATCH_BYTES) return;
  throw new UsageError(
    `a batch of ${batchSize} images of [${imageShape.join(', ')}] takes ${bytes} bytes, more than ${MOST_BATCH_BYTES}`,
    { hint: 'Take a smaller batch size or smaller images.' },
  );
}

export function checkEpoch(epoch: number, startBatch: number, batchesPerEpoch: number): void {
  if (epoch >>> 0 !== epoch) throw new UsageError(`the epoch must be an integer from 0 to 2^32 - 1, found ${epoch}`);
  if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > batchesPerEpoch) {
    throw new UsageError(`an epoch has ${batchesPerEpoch} batches: it cannot start at batch ${startBatch}`);
  }
}

export class DataLoader implements BatchLoader {
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly imageShape: ImageShape;
  readonly batchesPerEpoch: number;
  readonly #options: ReturnType<typeof resolveOptions>;
  readonly #buffers: BatchBuffers;
  readonly #prepare: ReturnType<typeof batchPreparer>;
  /** Counts epochs begun, so that an iterator can tell that it was replaced. */
  #begun = 0;
  #closed = false;

  constructor(dataset: Dataset, options: LoaderOptions) {
    this.#options = resolveOptions(dataset, options);
    this.dataset = dataset;
    const { layout, batchesPerEpoch } = this.#options;
    this.batchSize = layout.batchSize;
    this.imageShape = layout.imageShape;
    this.batchesPerEpoch = batchesPerEpoch;
    this.#buffers = new BatchBuffers(allocateBatch(layout), layout);
    this.#prepare = batchPreparer(dataset, this.#options);
  }

  epoch(epoch: number, { startBatch = 0 }: EpochOptions = {}): AsyncIterableIterator<Batch> {
    checkEpoch(epoch, startBatch, this.batchesPerEpoch);
    return this.#batches(epoch, startBatch, ++this.#begun);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async *#batches(epoch: number, startBatch: number, run: number): AsyncGenerator<Batch, void, undefined> {
    const { shuffle, seed } = this.#options;
    const { length } = this.dataset;
    const order = epochOrder({ length, shuffle, seed, epoch });
    for (let batch = startBatch; batch < this.batchesPerEpoch; batch++) {
      assertCurrent(this.#closed, run === this.#begun);
      const start = batch * this.batchSize;
      yield this.#prepare(this.#buffers, order, start, Math.min(this.batchSize, length - start), epoch);
    }
  }
}

/** An iterator that outlives its loader or its turn is a defect of the program: it would see another's batches. */
export function assertCurrent(closed: boolean, current: boolean): void {
  if (closed) throw new Error('the loader is closed');
  if (!current) throw new Error('this epoch was ended by beginning another one');
}
