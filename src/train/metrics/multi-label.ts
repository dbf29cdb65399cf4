// Metrics of images that may carry several labels: each label is a yes/no question of its own, answered yes where the
// sigmoid is above 1/2, that is where the logit is above 0.

import { classMetrics, share } from './class-metrics.ts';

export class MultiLabelMetrics {
  readonly #labels: readonly string[];
  readonly #images: number[];
  readonly #predicted: number[];
  readonly #hits: number[];
  #count = 0;
  #exact = 0;

  constructor(labels: readonly string[]) {
    this.#labels = labels;
    this.#images = labels.map(() => 0);
    this.#predicted = labels.map(() => 0);
    this.#hits = labels.map(() => 0);
  }

  /**
   * @param logits [N, labels]
   * @param targets [N, labels], yes from 1/2 up
   */
  add(logits: ArrayLike<number>, targets: ArrayLike<number>): void {
    const labels = this.#labels.length;
    for (let start = 0; start < targets.length; start += labels) {
      let right = 0;
      for (let label = 0; label < labels; label++) {
        const predicted = logits[start + label] > 0;
        const wanted = targets[start + label] >= 0.5;
        if (predicted) this.#predicted[label]++;
        if (wanted) this.#images[label]++;
        if (predicted && wanted) this.#hits[label]++;
        if (predicted === wanted) right++;
      }
      this.#count++;
      if (right === labels) this.#exact++;
    }
  }

  result() {
    const perClass = this.#labels.map((name, label) => {
      const counts = { images: this.#images[label], predicted: this.#predicted[label], hits: this.#hits[label] };
      const wrong = counts.images + counts.predicted - 2 * counts.hits;
      return classMetrics(name, counts, share(this.#count - wrong, this.#count));
    });
    return {
      accuracy: share(
        perClass.reduce((sum, { accuracy }) => sum + accuracy, 0),
        perClass.length,
      ),
      top5: null,
      perClass,
      confusion: null,
      ece: null,
      exactMatch: share(this.#exact, this.#count),
    };
  }
}
