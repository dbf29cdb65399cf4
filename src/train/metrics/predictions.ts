// What a model takes each image for: what a confusion matrix is made of, with the images behind its cells.

import { softmaxProbability } from './calibration.ts';
import { argmax } from './ranking.ts';

/** Of images with one class each; arrays in the order in which the images came. */
export interface Predictions {
  /** The true classes. */
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  /** Of the predicted classes, to three decimals. */
  readonly probabilities: readonly number[];
}

export class PredictionList implements Predictions {
  readonly labels: number[] = [];
  readonly predicted: number[] = [];
  readonly probabilities: number[] = [];

  /**
   * @param logits [N, classes]
   * @param labels [N]
   */
  add(logits: ArrayLike<number>, labels: ArrayLike<number>): void {
    const classes = logits.length / labels.length;
    for (let i = 0; i < labels.length; i++) {
      const predicted = argmax(logits, i * classes, classes);
      this.labels.push(labels[i]);
      this.predicted.push(predicted);
      this.probabilities.push(Math.round(1000 * softmaxProbability(predicted, logits, i * classes, classes)) / 1000);
    }
  }
}
