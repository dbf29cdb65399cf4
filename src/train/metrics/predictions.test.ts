import { expect, it } from 'vitest';
import { PredictionList } from './predictions.ts';

it('lists class, prediction and probability of each image, over several batches', () => {
  const list = new PredictionList();
  // softmax([0, ln 3]) = [1/4, 3/4]
  list.add([0, Math.log(3), Math.log(9), 0], [1, 1]);
  list.add([0, 0], [0]);
  expect(list).toEqual({ labels: [1, 1, 0], predicted: [1, 0, 0], probabilities: [0.75, 0.9, 0.5] });
});
