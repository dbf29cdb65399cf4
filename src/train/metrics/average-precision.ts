// Average precision of one label: go through the images from the highest score to the lowest, and average the precision so
// far over the images that carry the label. It is the area under the precision-recall curve, and needs no threshold.
// Images with equal scores come at once, since no order among them means anything. scikit-learn: average_precision_score.

/**
 * @param scores of all images; a higher one is more of a yes
 * @param relevant whether the image carries the label
 * @returns from 0 to 1; 0 where no image carries it
 */
export function averagePrecision(scores: ArrayLike<number>, relevant: ArrayLike<boolean>): number {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  let hits = 0;
  let sum = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]];
    let found = 0;
    for (; i < order.length && scores[order[i]] === score; i++) if (relevant[order[i]]) found++;
    hits += found;
    sum += found * (hits / i);
  }
  return hits === 0 ? 0 : sum / hits;
}
