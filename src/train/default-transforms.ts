// From the images of any data set to those of a network, by what is known of the data set: the transforms of a recipe that
// was made for other images, and those of whoever says how images are to be varied.
//
//   small, one size     train  RandomCrop (padded)        test  CenterCrop             CIFAR, digits: up to 64 pixels
//   anything else       train  RandomResizedCrop          test  Resize, CenterCrop     photographs

import type { DatasetTraits, TransformConfig } from '../data/index.ts';

/** How training images are varied, each with all that is before it. */
export const augmentNames = ['none', 'crop', 'flip', 'trivial', 'rand'] as const;
export type AugmentName = (typeof augmentNames)[number];

export interface TransformChoices {
  /** What each does: none, a random crop, also mirrored, also TrivialAugmentWide, or RandAugment instead of that. */
  readonly augment: AugmentName;
  /** Side of the network's images, in pixels. */
  readonly imageSize?: number;
  /** Probability of RandomErasing; 0 by default. */
  readonly erase?: number;
}

export interface TransformLists {
  readonly train: readonly TransformConfig[];
  readonly test: readonly TransformConfig[];
}

/** Up to this side images are taken as they are. */
const SMALL = 64;

/** Of photographs, where nothing is said: enough to tell most things apart, and quick to train. */
const PHOTO_SIZE = 64;

export function defaultTransforms(traits: DatasetTraits, choices: TransformChoices): TransformLists {
  const { augment, erase = 0 } = choices;
  const [training, testing] = geometry(traits, choices);
  const { mean, std } = traits;
  const numbers: TransformConfig[] = [{ name: 'ToTensor' }, { name: 'Normalize', mean: [...mean], std: [...std] }];
  const varied: Readonly<Record<AugmentName, readonly TransformConfig[]>> = {
    none: [],
    crop: [],
    flip: [{ name: 'RandomHorizontalFlip' }],
    trivial: [{ name: 'RandomHorizontalFlip' }, { name: 'TrivialAugmentWide' }],
    rand: [{ name: 'RandomHorizontalFlip' }, { name: 'RandAugment' }],
  };
  const erasing: TransformConfig[] = erase > 0 ? [{ name: 'RandomErasing', p: erase }] : [];
  const train = [...(augment === 'none' ? testing : training), ...varied[augment], ...numbers, ...erasing];
  return { train, test: [...testing, ...numbers] };
}

/** Whether images have one size, and a small one. */
export function areSmall({ imageShape: [, height, width] }: DatasetTraits): boolean {
  return height !== null && width !== null && Math.max(height, width) <= SMALL;
}

/** What brings images to the network's size: in training, and in the test. */
function geometry(traits: DatasetTraits, { imageSize }: TransformChoices): [TransformConfig[], TransformConfig[]] {
  const { imageShape } = traits;
  if (areSmall(traits)) {
    const [, height, width] = imageShape as readonly [number, number, number];
    const [rows, columns] = imageSize === undefined ? [height, width].map(networkSide) : [imageSize, imageSize];
    // Padding to twice the size and more would leave a network little to look at.
    if (height <= rows && width <= columns && 2 * height > rows && 2 * width > columns) {
      const size = rows === columns ? rows : [rows, columns];
      // He et al. 2015, sec. 4.2: up to 4 pixels to each side in images of 32.
      const padding = [(columns - width) / 2 + columns / 8, (rows - height) / 2 + rows / 8].map(Math.ceil);
      const same = height === rows && width === columns;
      return [[{ name: 'RandomCrop', size, padding }], same ? [] : [{ name: 'CenterCrop', size }]];
    }
  }
  const size = imageSize ?? PHOTO_SIZE;
  return [
    [
      // Done once an image and kept. Twice the size, and a quarter of the area at least: no crop is enlarged.
      { name: 'Resize', size: 2 * size },
      { name: 'RandomResizedCrop', size, scale: [0.25, 1] },
    ],
    // As 256 is to 224 in the test of ImageNet.
    [
      { name: 'Resize', size: Math.round((size * 8) / 7) },
      { name: 'CenterCrop', size },
    ],
  ];
}

/** Networks halve the size some times: whole multiples of 8 leave nothing over. */
function networkSide(extent: number): number {
  return Math.max(32, 8 * Math.ceil(extent / 8));
}
