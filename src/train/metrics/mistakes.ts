// The images on which a model is wrong and most sure of it: the first to look at, since they show wrong labels, unreadable
// images, and what the model has not understood. Only the worst few are kept while a set goes by.

export interface Mistake {
  /** The image's place in the data set. */
  readonly index: number;
  /** Its file, from the data set's folder; undefined where images have no files of their own. */
  readonly file?: string;
  /** The names of its classes: one, or with several labels an image any number. */
  readonly truth: readonly string[];
  readonly predicted: readonly string[];
  /** The probability that the model gave to what is wrong; multi-label: to the worst of its wrong answers. */
  readonly probability: number;
}

/** As many as a page shows. */
export const MISTAKES_KEPT = 24;

export class WorstMistakes {
  readonly #kept: Mistake[] = [];

  /** Whether a mistake of this probability would be among the worst. Saves making those that are not. */
  wants(probability: number): boolean {
    return this.#kept.length < MISTAKES_KEPT || probability > this.#kept[MISTAKES_KEPT - 1].probability;
  }

  /** Equal ones stay in the order in which they came. */
  add(mistake: Mistake): void {
    if (!this.wants(mistake.probability)) return;
    const better = this.#kept.findIndex(({ probability }) => probability < mistake.probability);
    this.#kept.splice(better === -1 ? this.#kept.length : better, 0, mistake);
    if (this.#kept.length > MISTAKES_KEPT) this.#kept.pop();
  }

  /** The worst first. */
  get list(): Mistake[] {
    return [...this.#kept];
  }
}
