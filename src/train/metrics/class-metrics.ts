// Quality of the predictions of one class, from four counts, and its means over classes.

export interface Scores {
  /** Right among those predicted as this class; 0 where none was. */
  readonly precision: number;
  /** Found among the images of this class; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

export interface ClassMetrics extends Scores {
  readonly name: string;
  /** Images of this class (multi-label: that carry this label): the support. */
  readonly images: number;
  /** One label an image: share of this class's images that were recognised. Multi-label: share of right decisions. */
  readonly accuracy: number;
  /** Area under the precision-recall curve (average-precision.ts); null unless multi-label. */
  readonly averagePrecision: number | null;
}

export interface ClassCounts {
  /** Images of this class. */
  readonly images: number;
  /** Images that were predicted as this class. */
  readonly predicted: number;
  /** Images that are both. */
  readonly hits: number;
}

export function scores({ images, predicted, hits }: ClassCounts): Scores {
  return { precision: share(hits, predicted), recall: share(hits, images), f1: share(2 * hits, images + predicted) };
}

/**
 * Each class counts the same, however many images it has. Classes that no image has and none is taken for are left out:
 * there is nothing to be said of them. scikit-learn: average='macro'.
 */
export function macroAverage(classes: readonly ClassCounts[]): Scores {
  const seen = classes.filter(({ images, predicted }) => images + predicted > 0).map(scores);
  const mean = (score: keyof Scores) => share(total(seen.map((own) => own[score])), seen.length);
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** Each decision counts the same: the scores of all counts together. scikit-learn: average='micro'. */
export function microAverage(classes: readonly ClassCounts[]): Scores {
  const sum = (count: keyof ClassCounts) => total(classes.map((own) => own[count]));
  return scores({ images: sum('images'), predicted: sum('predicted'), hits: sum('hits') });
}

/** part / whole, 0 for nothing of nothing. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
