// Transforms of images, under torchvision's names.

export { Compose, compose, type PreparedTransform } from './compose.ts';
export { centerCrop, type RandomCropOptions, randomCrop, type Size } from './crop.ts';
export { randomHorizontalFlip } from './flip.ts';
export { fromConfig } from './from-config.ts';
export { pad } from './pad.ts';
export { normalize, toTensor } from './tensor.ts';
export type { ImageType, Padding, Transform, TransformConfig } from './transform.ts';
