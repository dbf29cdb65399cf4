// RandomResizedCrop: a window of random area and shape, brought to a fixed size (Szegedy et al. 2015, sec. 6). The usual
// augmentation of photographs.

import { exp, log } from '../../tensor/elementary.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { Image } from '../image.ts';
import { type Box, type Interpolation, Resampler } from './resample.ts';
import { parseInterpolation } from './resize.ts';
import { between, parseRange, parseSize, requireBytes, roundHalfToEven, type Transform } from './transform.ts';

export interface RandomResizedCropOptions {
  /** Of the window's area, as shares of the image's; [0.08, 1] by default. */
  readonly scale?: readonly [number, number];
  /** Of the window's width by its height; [3/4, 4/3] by default. */
  readonly ratio?: readonly [number, number];
  readonly interpolation?: Interpolation;
}

const ATTEMPTS = 10;

/** @param size one number for a square, or [height, width] */
export function randomResizedCrop(
  size: number | readonly [number, number],
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = 'bilinear' }: RandomResizedCropOptions = {},
): Transform {
  const [height, width] = parseSize('RandomResizedCrop', size);
  parseRange('RandomResizedCrop', 'scale', scale);
  parseRange('RandomResizedCrop', 'ratio', ratio);
  parseInterpolation('RandomResizedCrop', interpolation);
  return {
    config: { name: 'RandomResizedCrop', size, scale, ratio, interpolation },
    random: true,
    outputType: ({ shape: [channels], dtype }) => {
      requireBytes('RandomResizedCrop', dtype);
      return { shape: [channels, height, width], dtype };
    },
    prepare: () => {
      const resampler = new Resampler();
      return (input, stream, output) => {
        resampler.run(input as Image, randomBox(input, scale, ratio, stream), output as Image, interpolation);
        return output;
      };
    },
  };
}

/** A window of random area and shape that lies in the image; the largest in the middle when none was found. */
function randomBox(
  { height, width }: { readonly height: number; readonly width: number },
  scale: readonly [number, number],
  ratio: readonly [number, number],
  stream: RandomStream,
): Box {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = height * width * between(scale, stream);
    const shape = exp(between([log(ratio[0]), log(ratio[1])], stream));
    const w = roundHalfToEven(Math.sqrt(area * shape));
    const h = roundHalfToEven(Math.sqrt(area / shape));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = stream.integer(height - h + 1);
      return { left: stream.integer(width - w + 1), top, width: w, height: h };
    }
  }
  const shape = width / height;
  const w = shape > ratio[1] ? Math.min(width, roundHalfToEven(height * ratio[1])) : width;
  const h = shape < ratio[0] ? Math.min(height, roundHalfToEven(width / ratio[0])) : height;
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}
