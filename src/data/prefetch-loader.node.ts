// The loader that prepares batches ahead in a worker thread, while this thread trains. The batches are those of
// DataLoader to the bit; where no worker can be used, `createLoader` gives a DataLoader.

import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { availableMemory } from '../devices/available-memory.node.ts';
import { OutOfMemoryError } from '../devices/out-of-memory.ts';
import { DeadThreadError, ResiduaError, UsageError } from '../errors.ts';
import { type Batch, batchBytes } from './batch.ts';
import { allocateRing, BatchRing } from './batch-ring.ts';
import type { Dataset, SharedDataset } from './dataset.ts';
import type { ImageShape } from './image.ts';
import { CACHE_BYTES } from './image-cache.ts';
import {
  assertCurrent,
  type BatchLoader,
  checkEpoch,
  DataLoader,
  type EpochOptions,
  type LoaderOptions,
  resolveOptions,
} from './loader.ts';
import type { EpochRequest, WorkerFailure, WorkerSettings } from './loader-worker.node.ts';

export interface PrefetchOptions extends LoaderOptions {
  /** Batches prepared ahead by a worker thread; 0 prepares each when it is asked for, in this thread. Default 2. */
  readonly prefetch?: number;
}

/**
 * A loader with a worker thread when `prefetch` is above 0, the data set is in shared memory (ArrayDataset) or in
 * files (FilesDataset) and the worker's file has been built; otherwise one that works in this thread.
 */
export function createLoader(dataset: Dataset, { prefetch = 2, ...options }: PrefetchOptions): BatchLoader {
  if (!Number.isInteger(prefetch) || prefetch < 0) {
    throw new UsageError(`the number of batches to prefetch must be an integer >= 0, found ${prefetch}`);
  }
  const settings = { cacheBytes: affordableCache(), ...options };
  checkRing(dataset, settings, prefetch + 1);
  const shared = prefetch > 0 ? dataset.share?.() : undefined;
  const file = shared && workerFile();
  if (shared === undefined || file === undefined) return new DataLoader(dataset, settings);
  return new PrefetchLoader(dataset, shared, file, prefetch, settings);
}

class PrefetchLoader implements BatchLoader {
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly imageShape: ImageShape;
  readonly batchesPerEpoch: number;
  readonly #ring: BatchRing;
  readonly #worker: Worker;
  /** Resolves to the reason once the worker has ended. */
  readonly #failure: Promise<Error>;
  #generation = 0;
  #closed = false;

  constructor(dataset: Dataset, shared: SharedDataset, file: URL, prefetch: number, options: LoaderOptions) {
    const { batchesPerEpoch, layout, transform, ...settings } = resolveOptions(dataset, options);
    this.dataset = dataset;
    this.batchSize = layout.batchSize;
    this.imageShape = layout.imageShape;
    this.batchesPerEpoch = batchesPerEpoch;
    // One slot more than is prefetched: the one that the consumer is reading.
    const memory = allocateRing(prefetch + 1, layout);
    this.#ring = new BatchRing(memory);
    const workerData: WorkerSettings = { ...settings, dataset: shared, transform: transform.config, memory };
    this.#worker = new Worker(file, { workerData, execArgv: [], name: 'residua-loader' });
    this.#worker.unref();
    this.#failure = new Promise((resolve) => {
      this.#worker.on('message', ({ message, hint }: WorkerFailure) => resolve(new ResiduaError(message, { hint })));
      this.#worker.on('error', (error: NodeJS.ErrnoException) => resolve(death(error)));
      this.#worker.on('exit', (code) => resolve(death(new Error(`it ended with code ${code}`))));
    });
    // Also wakes an iterator that waits for a worker that will not answer.
    this.#failure.then(() => this.#ring.fail());
  }

  epoch(epoch: number, { startBatch = 0 }: EpochOptions = {}): AsyncIterableIterator<Batch> {
    checkEpoch(epoch, startBatch, this.batchesPerEpoch);
    assertCurrent(this.#closed, true);
    const generation = ++this.#generation;
    this.#ring.request(generation);
    const request: EpochRequest = { generation, epoch, startBatch };
    this.#worker.postMessage(request);
    return this.#batches(startBatch, generation);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ring.request(0);
    await this.#worker.terminate();
  }

  async *#batches(startBatch: number, generation: number): AsyncGenerator<Batch, void, undefined> {
    try {
      for (let batch = startBatch; batch < this.batchesPerEpoch; batch++) {
        const size = Math.min(this.batchSize, this.dataset.length - batch * this.batchSize);
        yield await this.#next(generation, size);
        assertCurrent(this.#closed, generation === this.#generation);
        this.#ring.release();
      }
    } finally {
      // Left early: the worker is to stop, unless another epoch is under way already.
      if (generation === this.#generation) this.#ring.request(0);
    }
  }

  async #next(generation: number, size: number): Promise<Batch> {
    for (;;) {
      const moment = this.#ring.moment;
      assertCurrent(this.#closed, generation === this.#generation);
      if (this.#ring.failed) throw await this.#failure;
      const batch = this.#ring.peek(generation, size);
      if (batch !== undefined) return batch;
      // A thread that waits only for shared memory would be ended by Node as one that has nothing left to do.
      this.#worker.ref();
      await this.#ring.changed(moment);
      this.#worker.unref();
    }
  }
}

function death(cause: NodeJS.ErrnoException): DeadThreadError {
  const remedy =
    cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'Give Node more memory, with NODE_OPTIONS=--max-old-space-size=8192 (megabytes) for example.'
      : 'If it happens again, please report it with what --debug prints.';
  return new DeadThreadError('the thread that prepares images', cause, remedy);
}

/** @throws OutOfMemoryError where the batches in preparation are more than this machine has room for */
function checkRing(dataset: Dataset, options: LoaderOptions, slots: number): void {
  const { layout } = resolveOptions(dataset, options);
  const need = { needed: slots * batchBytes(layout), available: availableMemory() };
  if (need.needed <= need.available) return;
  const most = Math.floor(need.available / slots / batchBytes({ ...layout, batchSize: 1 }));
  throw new OutOfMemoryError(`preparing batches of ${layout.batchSize} images`, need, {
    hint: `Use a batch size of ${most} at most, or smaller images.`,
  });
}

/** An eighth of the memory at most: a run has three loaders, and other things to keep. */
function affordableCache(): number {
  // Where there is no limit, the kernel's answer is larger than any memory.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.min(CACHE_BYTES, memory / 8);
}

/** Beside this file in the built package; from source, in the build if there is one. */
function workerFile(): URL | undefined {
  const here = import.meta.url;
  return [new URL('./loader-worker.js', here), new URL('../../dist/loader-worker.js', here)].find((file) =>
    existsSync(file),
  );
}
