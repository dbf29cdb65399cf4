// Expected calibration error (Guo et al. 2017, "On calibration of modern neural networks", eq. 3): whether predictions that
// claim 90 % are right in 90 % of cases. Predictions go into 15 bins by their confidence; in each bin the gap between mean
// confidence and accuracy is taken, weighted by the bin's share of all predictions.

import { exp } from '../../tensor/elementary.ts';

export const CALIBRATION_BINS = 15;

export class CalibrationError {
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

  /** From 0 (perfect) to 1; 0 before the first prediction. */
  get value(): number {
    const images = this.#images.reduce((sum, count) => sum + count, 0);
    const gaps = this.#confidence.reduce((sum, confidence, bin) => sum + Math.abs(confidence - this.#correct[bin]), 0);
    return images === 0 ? 0 : gaps / images;
  }
}

/** softmax(logits)[label] of one image. @param start where the image's logits begin */
export function softmaxProbability(label: number, logits: ArrayLike<number>, start: number, classes: number): number {
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += exp(logits[start + c] - logits[start + label]);
  return 1 / sum;
}
