// The worker thread of the prefetching loader: for each epoch it is asked for, prepares the batches in order into the
// ring and waits when the ring is full. It ends with its owner; an error ends it, and its owner is told by Node.

import { parentPort, workerData } from 'node:worker_threads';
import { batchPreparer } from './batch.ts';
import { BatchRing, type RingMemory } from './batch-ring.ts';
import { fromShared, type SharedDataset } from './dataset.ts';
import { batchCount, epochOrder } from './sampler.ts';
import { fromConfig, type TransformConfig } from './transforms/index.ts';

export interface WorkerSettings {
  readonly dataset: SharedDataset;
  readonly transform: readonly TransformConfig[];
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
  readonly memory: RingMemory;
}

export interface EpochRequest {
  readonly generation: number;
  readonly epoch: number;
  readonly startBatch: number;
}

const settings: WorkerSettings = workerData;
const { batchSize, shuffle, seed, dropLast } = settings;
const dataset = fromShared(settings.dataset);
const prepare = batchPreparer(dataset, fromConfig(settings.transform), seed);
const ring = new BatchRing(settings.memory);
const batches = batchCount(dataset.length, batchSize, dropLast);

parentPort!.on('message', ({ generation, epoch, startBatch }: EpochRequest) => {
  const order = epochOrder({ length: dataset.length, shuffle, seed, epoch });
  ring.begin(generation);
  for (let batch = startBatch; batch < batches; batch++) {
    const slot = ring.acquire(generation);
    if (slot === undefined) return;
    const start = batch * batchSize;
    prepare(slot, order, start, Math.min(batchSize, dataset.length - start), epoch);
    ring.publish();
  }
});
