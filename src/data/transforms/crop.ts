// RandomCrop and CenterCrop: a window of fixed size, at a random place or in the middle.

import { ResiduaError } from '../../errors.ts';
import { place } from './rectangle.ts';
import { type Padding, parseFill, parsePadding, parseSize, type Transform } from './transform.ts';

/** One number for a square, or [height, width]; in pixels. */
export type Size = number | readonly [number, number];

export interface RandomCropOptions {
  /** Added around the image before the crop; 0 by default. */
  readonly padding?: Padding;
  /** The value of the padded pixels; 0 by default. */
  readonly fill?: number;
}

/** A window whose place is drawn evenly among all that lie within the padded image. */
export function randomCrop(size: Size, { padding = 0, fill = 0 }: RandomCropOptions = {}): Transform {
  const [height, width] = parseSize('RandomCrop', size);
  const [left, top, right, bottom] = parsePadding('RandomCrop', padding);
  parseFill('RandomCrop', fill);
  /** The number of places in each direction. */
  const places = (inputHeight: number, inputWidth: number) => {
    const padded = [inputHeight + top + bottom, inputWidth + left + right];
    if (padded[0] < height || padded[1] < width) {
      const missing = Math.ceil(Math.max(height - padded[0], width - padded[1]) / 2);
      throw new ResiduaError(
        `Required crop size (${height}, ${width}) is larger than input image size (${padded.join(', ')})`,
        { hint: `Put Pad(${missing}) or more before RandomCrop, or crop to a smaller size.` },
      );
    }
    return { rows: padded[0] - height + 1, columns: padded[1] - width + 1 };
  };
  return {
    config: { name: 'RandomCrop', size, padding, fill },
    random: true,
    outputType: ({ shape: [channels, inputHeight, inputWidth], dtype }) => {
      places(inputHeight ?? height, inputWidth ?? width);
      return { shape: [channels, height, width], dtype };
    },
    prepare: () => (input, stream, output) => {
      const { rows, columns } = places(input.height, input.width);
      const y = stream.integer(rows);
      const x = stream.integer(columns);
      place(input, output, left - x, top - y, fill);
      return output;
    },
  };
}

/** The window in the middle; a smaller image is centred in black, as torchvision does. */
export function centerCrop(size: Size): Transform {
  const [height, width] = parseSize('CenterCrop', size);
  return {
    config: { name: 'CenterCrop', size },
    random: false,
    outputType: ({ shape: [channels], dtype }) => ({ shape: [channels, height, width], dtype }),
    prepare: () => (input, _, output) => {
      place(input, output, centre(width, input.width), centre(height, input.height), 0);
      return output;
    },
  };
}

/** Where the image begins in the window. Odd differences round as torchvision's: halves to even, padding down. */
function centre(window: number, image: number): number {
  if (image < window) return Math.floor((window - image) / 2);
  const half = (image - window) / 2;
  const start = Number.isInteger(half) ? half : 2 * Math.round(half / 2);
  return 0 - start;
}
