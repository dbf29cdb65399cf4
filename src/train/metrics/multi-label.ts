// Metrics of images that may carry several labels: each label is a yes/no question of its own, answered yes where the
// sigmoid is above 1/2, that is where the logit is above 0. All logits are kept for the average precision.

import { exp } from '../../tensor/elementary.ts';
import { averagePrecision } from './average-precision.ts';
import { type ClassMetrics, macroAverage, microAverage, scores, share, total } from './class-metrics.ts';
import { WorstMistakes } from './mistakes.ts';

export class MultiLabelMetrics {
  readonly #labels: readonly string[];
  /** An array a label, an entry an image. */
  readonly #logits: number[][];
  readonly #wanted: boolean[][];
  readonly #mistakes = new WorstMistakes();
  #images = 0;
  #exact = 0;

  constructor(labels: readonly string[]) {
    this.#labels = labels;
    this.#logits = labels.map(() => []);
    this.#wanted = labels.map(() => []);
  }

  /**
   * @param logits [N, labels]
   * @param targets [N, labels], yes from 1/2 up
   * @param indices [N] the images' places in the data set
   */
  add(logits: ArrayLike<number>, targets: ArrayLike<number>, indices: ArrayLike<number>): void {
    const labels = this.#labels.length;
    for (let i = 0; i < indices.length; i++) {
      const [truth, predicted]: [string[], string[]] = [[], []];
      /** The largest |logit| among wrong answers; below 0 when all are right. */
      let worst = -1;
      for (let label = 0; label < labels; label++) {
        const logit = logits[i * labels + label];
        const wanted = targets[i * labels + label] >= 0.5;
        this.#logits[label].push(logit);
        this.#wanted[label].push(wanted);
        if (wanted) truth.push(this.#labels[label]);
        if (logit > 0) predicted.push(this.#labels[label]);
        if (logit > 0 !== wanted) worst = Math.max(worst, Math.abs(logit));
      }
      this.#images++;
      if (worst < 0) this.#exact++;
      else this.#mistakes.add({ index: indices[i], truth, predicted, probability: 1 / (1 + exp(-worst)) });
    }
  }

  result() {
    const counts = this.#labels.map((_, label) => this.#count(label));
    const perClass: ClassMetrics[] = counts.map((own, label) => ({
      name: this.#labels[label],
      images: own.images,
      accuracy: share(this.#images - (own.images + own.predicted - 2 * own.hits), this.#images),
      ...scores(own),
      averagePrecision: averagePrecision(this.#logits[label], this.#wanted[label]),
    }));
    // A label that no image carries has no precision-recall curve.
    const ranked = perClass.filter(({ images }) => images > 0).map((own) => own.averagePrecision ?? 0);
    return {
      accuracy: share(total(perClass.map(({ accuracy }) => accuracy)), perClass.length),
      top5: null,
      perClass,
      macro: macroAverage(counts),
      micro: microAverage(counts),
      meanAveragePrecision: share(total(ranked), ranked.length),
      confusion: null,
      ece: null,
      calibration: null,
      exactMatch: share(this.#exact, this.#images),
      mistakes: this.#mistakes.list,
    };
  }

  #count(label: number) {
    const wanted = this.#wanted[label];
    let [images, predicted, hits] = [0, 0, 0];
    for (let i = 0; i < wanted.length; i++) {
      const yes = this.#logits[label][i] > 0;
      if (wanted[i]) images++;
      if (yes) predicted++;
      if (yes && wanted[i]) hits++;
    }
    return { images, predicted, hits };
  }
}
