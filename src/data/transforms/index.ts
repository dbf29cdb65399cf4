// Transforms of images, under torchvision's names.

export { type AutoAugmentOptions, type RandAugmentOptions, randAugment, trivialAugmentWide } from './auto-augment.ts';
export { type ColorJitterOptions, colorJitter, type Jitter } from './color-jitter.ts';
export { Compose, compose, type PreparedTransform } from './compose.ts';
export { centerCrop, type RandomCropOptions, randomCrop, type Size } from './crop.ts';
export { randomHorizontalFlip, randomVerticalFlip } from './flip.ts';
export { fromConfig } from './from-config.ts';
export { grayscale } from './grayscale.ts';
export { pad } from './pad.ts';
export {
  type Degrees,
  type RandomAffineOptions,
  type RandomRotationOptions,
  randomAffine,
  randomRotation,
} from './random-affine.ts';
export { type RandomErasingOptions, randomErasing } from './random-erasing.ts';
export { type RandomResizedCropOptions, randomResizedCrop } from './random-resized-crop.ts';
export type { Interpolation } from './resample.ts';
export { resize } from './resize.ts';
export { normalize, toTensor } from './tensor.ts';
export type { ImageType, Padding, Transform, TransformConfig } from './transform.ts';
