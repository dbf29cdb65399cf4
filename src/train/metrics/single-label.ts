// Metrics of images with one class each: everything follows from the confusion matrix, but for what looks beyond the
// largest logit (top 5) or at its size (calibration, the worst mistakes).

import { Calibration, softmaxProbability } from './calibration.ts';
import { type ClassMetrics, macroAverage, scores, share, total } from './class-metrics.ts';
import { WorstMistakes } from './mistakes.ts';
import { argmax, rankOf } from './ranking.ts';

const TOP = 5;

export class SingleLabelMetrics {
  readonly #classes: readonly string[];
  /** confusion[true class][predicted class] */
  readonly #confusion: number[][];
  readonly #calibration = new Calibration();
  readonly #mistakes = new WorstMistakes();
  #amongTop = 0;

  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#confusion = classes.map(() => classes.map(() => 0));
  }

  /**
   * @param logits [N, classes]
   * @param labels [N]
   * @param indices [N] the images' places in the data set
   */
  add(logits: ArrayLike<number>, labels: ArrayLike<number>, indices: ArrayLike<number>): void {
    const classes = this.#classes.length;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      const start = i * classes;
      const predicted = argmax(logits, start, classes);
      const probability = softmaxProbability(predicted, logits, start, classes);
      this.#confusion[label][predicted]++;
      this.#calibration.add(probability, predicted === label);
      if (rankOf(label, logits, start, classes) < TOP) this.#amongTop++;
      if (predicted !== label && this.#mistakes.wants(probability)) {
        const names = { truth: [this.#classes[label]], predicted: [this.#classes[predicted]] };
        this.#mistakes.add({ index: indices[i], ...names, probability });
      }
    }
  }

  result() {
    const counts = this.#confusion.map((row, c) => ({
      images: total(row),
      predicted: total(this.#confusion.map((other) => other[c])),
      hits: row[c],
    }));
    const images = total(counts.map((own) => own.images));
    const perClass: ClassMetrics[] = counts.map((own, c) => {
      const accuracy = share(own.hits, own.images);
      return { name: this.#classes[c], images: own.images, accuracy, ...scores(own), averagePrecision: null };
    });
    return {
      accuracy: share(total(counts.map(({ hits }) => hits)), images),
      top5: share(this.#amongTop, images),
      perClass,
      macro: macroAverage(counts),
      micro: null,
      meanAveragePrecision: null,
      confusion: this.#confusion.map((row) => [...row]),
      ece: this.#calibration.error,
      calibration: this.#calibration.bins,
      exactMatch: null,
      mistakes: this.#mistakes.list,
    };
  }
}
