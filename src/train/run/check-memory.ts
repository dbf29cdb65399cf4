// Refuses a run that would run out of memory, before any of it is taken: all programs that it will need are planned, those of
// the last, smaller batch of an epoch and of the evaluation included.

import type { ImageShape } from '../../data/image.ts';
import type { Dataset } from '../../data/index.ts';
import { checkBatch, together } from '../../devices/out-of-memory.ts';
import { batchSizes } from '../batches.ts';
import type { Evaluator } from '../evaluate.ts';
import type { Step } from '../step.ts';

export interface Planned {
  readonly step: Step;
  readonly evaluator: Evaluator;
  readonly batchSize: number;
  readonly training: { readonly dataset: Dataset; readonly imageShape: ImageShape };
  readonly evaluation: { readonly dataset: Dataset; readonly imageShape: ImageShape; readonly batchSize: number };
}

/** Bytes of a batch's images below which no batch is planned twice: it takes as long as to compile it. */
const SMALL = 16e6;

/** @throws OutOfMemoryError that names the largest batch that fits */
export function checkMemory({ step, evaluator, batchSize, training, evaluation }: Planned): void {
  const images = training.dataset.length;
  const bytesOf = (size: number, [channels, height, width]: ImageShape) => 4 * size * channels * height * width;
  const evaluated = Math.min(evaluation.batchSize, evaluation.dataset.length);
  const wanted = Math.min(batchSize, images);
  const largest = Math.max(bytesOf(wanted, training.imageShape), bytesOf(evaluated, evaluation.imageShape));
  if (largest < SMALL) return;
  const evaluating = evaluator.measure(evaluated, evaluation);
  checkBatch(wanted, (size) => together([...batchSizes(images, size).map((own) => step.measure(own)), evaluating]));
}
