// The worker thread of the prefetching loader: for each epoch it is asked for, prepares the batches in order into the
// ring and waits when the ring is full. It ends with its owner; an error ends it, and its owner is told by Node.

import { parentPort, workerData } from 'node:worker_threads';
import { ResiduaError } from '../errors.ts';
import { batchPreparer } from './batch.ts';
import { BatchRing, type RingMemory } from './batch-ring.ts';
import { fromShared, type SharedDataset } from './dataset.ts';
import { FilesDataset } from './files-dataset.node.ts';
import type { MixOptions } from './mix.ts';
import { batchCount, epochOrder } from './sampler.ts';
import { fromConfig, type TransformConfig } from './transforms/index.ts';

export interface WorkerSettings {
  readonly dataset: SharedDataset;
  readonly transform: readonly TransformConfig[];
  readonly mix: MixOptions;
  readonly cacheBytes: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
  readonly memory: RingMemory;
}

/** Data that cannot be read: the last that a worker says. */
export interface WorkerFailure {
  readonly message: string;
  readonly hint: string | undefined;
}

export interface EpochRequest {
  readonly generation: number;
  readonly epoch: number;
  readonly startBatch: number;
}

const settings: WorkerSettings = workerData;
const { mix, shuffle, seed, dropLast, cacheBytes } = settings;
const { batchSize } = settings.memory.layout;
const dataset = fromShared(settings.dataset, (options) => new FilesDataset(options));
const prepare = batchPreparer(dataset, { transform: fromConfig(settings.transform), seed, mix, cacheBytes });
const ring = new BatchRing(settings.memory);
const batches = batchCount(dataset.length, batchSize, dropLast);

parentPort!.on('message', ({ generation, epoch, startBatch }: EpochRequest) => {
  const order = epochOrder({ length: dataset.length, shuffle, seed, epoch });
  ring.begin(generation);
  for (let batch = startBatch; batch < batches; batch++) {
    const slot = ring.acquire(generation);
    if (slot === undefined) return;
    const start = batch * batchSize;
    try {
      prepare(slot, order, start, Math.min(batchSize, dataset.length - start), epoch);
    } catch (error) {
      // As an error event it would arrive without its class and its hint.
      if (!(error instanceof ResiduaError)) throw error;
      const failure: WorkerFailure = { message: error.message, hint: error.hint };
      parentPort!.postMessage(failure);
      parentPort!.close();
      return;
    }
    ring.publish();
  }
});
