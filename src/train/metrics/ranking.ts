// Where a class stands among the logits of one image. Equal logits are ordered by their class number.

/** The class with the largest logit. @param start where the image's logits begin in `logits` */
export function argmax(logits: ArrayLike<number>, start: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[start + c] > logits[start + best]) best = c;
  return best;
}

/** How many classes come before `label`: 0 for a right prediction, below 5 for a top-5 one. */
export function rankOf(label: number, logits: ArrayLike<number>, start: number, classes: number): number {
  const own = logits[start + label];
  let rank = 0;
  for (let c = 0; c < classes; c++) {
    if (logits[start + c] > own || (logits[start + c] === own && c < label)) rank++;
  }
  return rank;
}
