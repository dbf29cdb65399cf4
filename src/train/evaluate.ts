// Evaluation of a model over a set of images.

export interface ClassMetrics {
  readonly name: string;
  /** Images of this class (multi-label: that carry this label). */
  readonly images: number;
  /** Share of this class's images that were recognised: for one label an image, the same as recall. */
  readonly accuracy: number;
  /** Right among those predicted as this class; 0 where none was. */
  readonly precision: number;
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

/** Quality of a model on a set of images. Shares are from 0 to 1. */
export interface Evaluation {
  /** Share of images whose largest logit is their class; multi-label: share of right yes/no decisions. */
  readonly accuracy: number;
  /** Share of images whose class is among the five largest logits; null for multi-label. */
  readonly top5: number | null;
  /** Mean loss an image. */
  readonly loss: number;
  /** In the order of the classes. */
  readonly perClass: readonly ClassMetrics[];
  /** confusion[true class][predicted class], images; null for multi-label. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Expected calibration error, 15 bins (Guo et al. 2017); null for multi-label. */
  readonly ece: number | null;
  /** Share of images all of whose labels are right; null unless multi-label. */
  readonly exactMatch: number | null;
  readonly images: number;
  readonly seconds: number;
}
