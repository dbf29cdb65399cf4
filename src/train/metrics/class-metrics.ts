// Quality of the predictions of one class, from four counts.

export interface ClassMetrics {
  readonly name: string;
  /** Images of this class (multi-label: that carry this label). */
  readonly images: number;
  /** One label an image: share of this class's images that were recognised. Multi-label: share of right decisions. */
  readonly accuracy: number;
  /** Right among those predicted as this class; 0 where none was. */
  readonly precision: number;
  /** Found among the images of this class; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

export interface ClassCounts {
  /** Images of this class. */
  readonly images: number;
  /** Images that were predicted as this class. */
  readonly predicted: number;
  /** Images that are both. */
  readonly hits: number;
}

/** @param accuracy where it is not the recall */
export function classMetrics(
  name: string,
  { images, predicted, hits }: ClassCounts,
  accuracy = share(hits, images),
): ClassMetrics {
  return {
    name,
    images,
    accuracy,
    precision: share(hits, predicted),
    recall: share(hits, images),
    f1: share(2 * hits, images + predicted),
  };
}

/** part / whole, 0 for nothing of nothing. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
