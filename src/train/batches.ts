// The batches of an epoch with their place in the steps: a step is one batch, or `accumulate` of them, the last one of an
// epoch perhaps fewer.

import type { Batch, BatchLoader } from '../data/index.ts';

export interface PlacedBatch {
  readonly batch: Batch;
  /** Of the step's images; 1 where the step is this batch. */
  readonly share: number;
  /** Whether the step ends with it. */
  readonly last: boolean;
}

/** @param step number of steps to leave out at the beginning of the epoch */
export async function* batchesOf(
  loader: BatchLoader,
  { epoch, step, accumulate }: { readonly epoch: number; readonly step: number; readonly accumulate: number },
): AsyncGenerator<PlacedBatch, void, undefined> {
  const { batchSize, batchesPerEpoch, dataset } = loader;
  const images = Math.min(dataset.length, batchesPerEpoch * batchSize);
  const imagesPerStep = batchSize * accumulate;
  let done = Math.min(step * accumulate, batchesPerEpoch);
  for await (const batch of loader.epoch(epoch, { startBatch: done })) {
    const stepImages = Math.min(imagesPerStep, images - Math.floor(done / accumulate) * imagesPerStep);
    done++;
    yield { batch, share: batch.size / stepImages, last: done % accumulate === 0 || done === batchesPerEpoch };
  }
}

/** The sizes of the batches that so many images are cut into: the last batch may be a smaller one. */
export function batchSizes(images: number, batchSize: number): readonly number[] {
  const rest = images % batchSize;
  return rest === 0 ? [batchSize] : [batchSize, rest];
}
