// From any picture to the input of a trained model: into the size of the images that it was trained on, and then through the
// same transforms as in its test. Models of MNIST's digits have seen nothing but MNIST's form, so for them a digit is found on
// the picture and brought into it.

import { centreDigit } from '../data/digits/centre-digit.ts';
import type { Rectangle } from '../data/digits/plane.ts';
import { isFixed } from '../data/image.ts';
import { type Compose, type FloatImage, fromConfig, type Image } from '../data/index.ts';
import { ResiduaError } from '../errors.ts';
import { randomStream } from '../tensor/random.ts';
import type { ModelCard } from './model-file.ts';

export interface ModelInput {
  /** What the network takes. */
  readonly input: FloatImage;
  /** What it sees, before normalisation: of the size of the images that it was trained on. */
  readonly seen: Image;
  /** A digit was cut out and centred. */
  readonly centred: boolean;
  /** It was dark on light. */
  readonly inverted: boolean;
  /** The part of the picture that `seen` shows, in pixels of the picture; it may reach beyond the edges. */
  readonly frame: Rectangle;
}

export interface ModelInputOptions {
  /** Bring digits into MNIST's form, for models of MNIST's digits; true by default. */
  readonly centre?: boolean;
}

/**
 * @param image with as many channels as card.imageShape
 * @param preprocessing the card's
 * @throws ResiduaError when the picture cannot be brought into that form
 */
export function modelInput(
  image: Image,
  card: ModelCard,
  preprocessing: Compose,
  { centre = true }: ModelInputOptions = {},
): ModelInput {
  const found = centre && takesCentredDigits(card) ? centreDigit(image) : undefined;
  const { seen, frame } = found ? { seen: found.image, frame: found.frame } : fitTo(image, card);
  const input = preprocessing.apply(seen, unused);
  if (!(input.data instanceof Float32Array)) throw new ResiduaError(`${preprocessing} does not end with numbers`);
  return {
    input: { ...input, data: input.data },
    seen,
    centred: found?.changed ?? false,
    inverted: found?.inverted ?? false,
    frame,
  };
}

/** Whether the model was trained on MNIST's digits: grey, 28x28, classes 0 to 9. */
export function takesCentredDigits({ classes, imageShape, task }: ModelCard): boolean {
  return task === 'single-label' && imageShape.join() === '1,28,28' && classes.join() === '0,1,2,3,4,5,6,7,8,9';
}

/** Scaled until it covers the size wanted, and the middle of that. Pictures of any size are left to the preprocessing. */
function fitTo(image: Image, { imageShape: shape }: ModelCard): Pick<ModelInput, 'seen' | 'frame'> {
  const unchanged = { seen: image, frame: { left: 0, top: 0, width: image.width, height: image.height } };
  if (!isFixed(shape)) return unchanged;
  const [, height, width] = shape;
  if (image.height === height && image.width === width) return unchanged;
  const scale = Math.max(height / image.height, width / image.width);
  const size = [Math.max(height, Math.round(image.height * scale)), Math.max(width, Math.round(image.width * scale))];
  const fit = fromConfig([
    { name: 'Resize', size },
    { name: 'CenterCrop', size: [height, width] },
  ]);
  const part = { width: (width / size[1]) * image.width, height: (height / size[0]) * image.height };
  const frame = { left: (image.width - part.width) / 2, top: (image.height - part.height) / 2, ...part };
  return { seen: fit.apply(image, unused) as Image, frame };
}

/** No transform of a test draws random numbers. */
const unused = randomStream({ seed: 0, purpose: 'augment' });
