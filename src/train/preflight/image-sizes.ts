// Training and test images of different sizes: after the transforms, where the network meets another scale and another share
// of padding than it was trained on; and before them, where the same size is reached by enlarging the one and shrinking the
// other.

import type { Dataset } from '../../data/index.ts';
import { sample } from './sample.ts';
import type { Check } from './situation.ts';

const SAMPLE = { images: 32, bytes: 2 ** 23 };
/** Times as large from which the difference shows: the one blurred where the other is sharp. */
const FAR_APART = 2;

export const imageSizes: Check = ({ train, test, augment, preprocess }) => {
  const [, height, width] = augment.outputShape(train.imageShape);
  const [, testHeight, testWidth] = preprocess.outputShape(test.imageShape);
  if (height !== testHeight || width !== testWidth) {
    return [
      {
        check: 'image-size',
        message: `Images are ${height}x${width} in training, but ${testHeight}x${testWidth} in the test.`,
        reason: 'The model is measured on a size that it was not trained for.',
        advice:
          'End the transforms of both with the same size, such as CenterCrop in the test; --image-size sets both.',
      },
    ];
  }
  if (train.imageShape.join() === test.imageShape.join() && !train.imageShape.includes(null)) return [];
  const [trained, tested] = [middleSide(train), middleSide(test)];
  if (Math.max(trained, tested) < FAR_APART * Math.min(trained, tested)) return [];
  return [
    {
      check: 'image-size',
      message: `Training images are ${Math.round(trained)} pixels wide and high in the middle, test images ${Math.round(tested)}; both are brought to ${height}x${width}.`,
      reason:
        'What is enlarged is blurred, what is shrunk is sharp: the model is tested on images unlike those it knows.',
      advice: 'Take both from the same source, or scale one to the size of the other first.',
    },
  ];
};

/** The median of the square root of the area. */
function middleSide(dataset: Dataset): number {
  const sides = sample(dataset, SAMPLE).map(({ image: { width, height } }) => Math.sqrt(width * height));
  return sides.sort((a, b) => a - b)[sides.length >> 1];
}
