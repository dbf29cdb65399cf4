// What a training tells while it goes on: when it is ready, after every step, at every log point and after every epoch.

/** Once, before the first step. */
export interface Ready {
  /** Of the whole training. */
  readonly steps: number;
  /** Bytes that a step works in, variables excluded. */
  readonly workspaceBytes: number;
}

/** Which step has just been done. Epochs, batches and steps count from 1. */
export interface Place {
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch: the article's Step[batch/batches]. With accumulation the batches of a step count as one. */
  readonly batch: number;
  readonly batches: number;
  /** Of the whole training. */
  readonly step: number;
  /** Of that step. */
  readonly learningRate: number;
}

/** For progress bars. */
export interface StepProgress extends Place {
  readonly steps: number;
  /** Mean loss an image, this epoch so far. */
  readonly loss: number;
  /** Share of right predictions (each before its update), this epoch so far. */
  readonly accuracy: number;
  /** Recent speed. */
  readonly imagesPerSecond: number;
  /** Of the whole training, at the recent speed. */
  readonly secondsLeft: number;
}

/** A point of the loss curve. Loss, accuracy and speed are over the images since the point before. */
export interface LogPoint extends Place {
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  /** Length of the gradient of all parameters in that step, before it was clipped; where gradients are clipped. */
  readonly gradientNorm?: number;
  /** What was measured of the layers since the point before, where something was: the first point has the beginning's, too. */
  readonly norms?: readonly NormsPoint[];
  /** At the end of an epoch, when images are held out. */
  readonly validation?: Validation;
}

/** How large weights, gradients and activations are, layer by layer: explain/norms.ts measures it. */
export interface LayerNorms {
  /** Convolutions and linear layers in the order in which they run: paths in the model. */
  readonly layers: readonly string[];
  /** Of each: the Euclidean length of the loss's gradient by its weight. */
  readonly gradients: readonly number[];
  /** Of each: that of its weight. */
  readonly weights: readonly number[];
  readonly activations: {
    /** Activation functions in the order in which they run: paths in the model. */
    readonly layers: readonly string[];
    /** Of each: over all that it puts out. */
    readonly mean: readonly number[];
    readonly std: readonly number[];
    /** Of each: share of the channels that are the same for every pixel of every image, as dead ReLUs are. */
    readonly dead: readonly number[];
  };
}

export interface NormsPoint extends LayerNorms {
  /** Steps done before it was measured. */
  readonly step: number;
}

export interface EpochSummary {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  /** Means over the epoch's images, each as seen in training (augmented, before its update). */
  readonly loss: number;
  readonly accuracy: number;
  /** Without validation. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** When images are held out. */
  readonly validation?: Validation;
}

/** On the images held out, after the epoch. */
export interface Validation {
  readonly loss: number;
  readonly accuracy: number;
}
