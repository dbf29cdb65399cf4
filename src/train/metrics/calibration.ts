// Calibration (Guo et al. 2017, "On calibration of modern neural networks", sec. 2): whether predictions that claim 90 % are
// right in 90 % of cases. Predictions go into 15 bins by their confidence. A bin's mean confidence beside its accuracy is a
// point of the reliability diagram; the gaps between the two, weighted by the bins' shares, are the expected calibration
// error (eq. 3).

import { exp } from '../../tensor/elementary.ts';
import { share } from './class-metrics.ts';

export const CALIBRATION_BINS = 15;

/** Predictions whose confidence is in (from, to]. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean over the bin's predictions; 0 where there are none. */
  readonly confidence: number;
  /** Share of them that are right; 0 where there are none. */
  readonly accuracy: number;
}

export class Calibration {
  readonly #images = new Float64Array(CALIBRATION_BINS);
  readonly #confidence = new Float64Array(CALIBRATION_BINS);
  readonly #correct = new Float64Array(CALIBRATION_BINS);

  /** @param confidence the probability of the predicted class, in (0, 1]; bin m takes ((m-1)/15, m/15] */
  add(confidence: number, correct: boolean): void {
    const bin = Math.min(CALIBRATION_BINS - 1, Math.max(0, Math.ceil(confidence * CALIBRATION_BINS) - 1));
    this.#images[bin]++;
    this.#confidence[bin] += confidence;
    if (correct) this.#correct[bin]++;
  }

  /** Expected calibration error: from 0 (perfect) to 1; 0 before the first prediction. */
  get error(): number {
    const images = this.#images.reduce((sum, count) => sum + count, 0);
    const gaps = this.#confidence.reduce((sum, confidence, bin) => sum + Math.abs(confidence - this.#correct[bin]), 0);
    return share(gaps, images);
  }

  /** The reliability diagram: all bins, the least confident first. */
  get bins(): CalibrationBin[] {
    return Array.from(this.#images, (images, bin) => ({
      from: bin / CALIBRATION_BINS,
      to: (bin + 1) / CALIBRATION_BINS,
      images,
      confidence: share(this.#confidence[bin], images),
      accuracy: share(this.#correct[bin], images),
    }));
  }
}

/** How sure the predictions are, on average over all bins; beside the accuracy it says whether they are too sure. */
export function meanConfidence(bins: readonly CalibrationBin[]): number {
  return share(
    bins.reduce((sum, { images, confidence }) => sum + images * confidence, 0),
    bins.reduce((sum, { images }) => sum + images, 0),
  );
}

/** softmax(logits)[label] of one image. @param start where the image's logits begin */
export function softmaxProbability(label: number, logits: ArrayLike<number>, start: number, classes: number): number {
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += exp(logits[start + c] - logits[start + label]);
  return 1 / sum;
}
