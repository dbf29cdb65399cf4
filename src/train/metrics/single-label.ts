// Metrics of images with one class each: everything follows from the confusion matrix, but for what looks beyond the
// largest logit (top 5) or at its size (calibration).

import { CalibrationError, softmaxProbability } from './calibration.ts';
import { type ClassMetrics, classMetrics, share } from './class-metrics.ts';
import { argmax, rankOf } from './ranking.ts';

const TOP = 5;

export class SingleLabelMetrics {
  readonly #classes: readonly string[];
  /** confusion[true class][predicted class] */
  readonly #confusion: number[][];
  readonly #calibration = new CalibrationError();
  #amongTop = 0;

  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#confusion = classes.map(() => classes.map(() => 0));
  }

  /**
   * @param logits [N, classes]
   * @param labels [N]
   */
  add(logits: ArrayLike<number>, labels: ArrayLike<number>): void {
    const classes = this.#classes.length;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      const start = i * classes;
      const predicted = argmax(logits, start, classes);
      this.#confusion[label][predicted]++;
      this.#calibration.add(softmaxProbability(predicted, logits, start, classes), predicted === label);
      if (rankOf(label, logits, start, classes) < TOP) this.#amongTop++;
    }
  }

  result() {
    const rows = this.#confusion.map(total);
    const images = total(rows);
    const hits = this.#confusion.map((row, c) => row[c]);
    const perClass: ClassMetrics[] = this.#classes.map((name, c) => {
      const predicted = total(this.#confusion.map((row) => row[c]));
      return classMetrics(name, { images: rows[c], predicted, hits: hits[c] });
    });
    return {
      accuracy: share(total(hits), images),
      top5: share(this.#amongTop, images),
      perClass,
      confusion: this.#confusion.map((row) => [...row]),
      ece: this.#calibration.value,
      exactMatch: null,
    };
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
