// The training loop.

/** Where a run stands after a step: for progress bars. Losses and accuracies are of this epoch so far. */
export interface StepProgress {
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batch of the epoch, counts from 1. */
  readonly batch: number;
  readonly batches: number;
  /** Steps done in all, and of the whole run. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss an image, this epoch so far. */
  readonly loss: number;
  /** Share of right predictions (before each update), this epoch so far. */
  readonly accuracy: number;
  readonly learningRate: number;
  /** Recent speed. */
  readonly imagesPerSecond: number;
  /** Of the whole run, at the recent speed. */
  readonly secondsLeft: number;
}

/** A point of the loss curve; loss and accuracy are means over the images since the point before. A line of metrics.jsonl. */
export interface LogPoint {
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batch of the epoch, counts from 1: the article's Step[batch/batches]. */
  readonly batch: number;
  readonly batches: number;
  /** Steps done in all. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Of the last step. */
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

export interface EpochSummary {
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  /** Means over the epoch's images, each as seen in training (augmented, before its update). */
  readonly loss: number;
  readonly accuracy: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Of the images held out; undefined when there are none. */
  readonly validation?: { readonly loss: number; readonly accuracy: number };
}
