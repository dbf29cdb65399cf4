// Resize: to a given size, or with the shorter side of a given length; bilinear and antialiased unless told otherwise.

import type { Image } from '../image.ts';
import { type Interpolation, interpolations, Resampler } from './resample.ts';
import { parseSize, requireBytes, type Transform, wrongArgument } from './transform.ts';

/**
 * @param size the length of the shorter side, the other in proportion; or [height, width]
 */
export function resize(
  size: number | readonly [number, number],
  { interpolation = 'bilinear' }: { readonly interpolation?: Interpolation } = {},
): Transform {
  const [height, width] = parseSize('Resize', size);
  parseInterpolation('Resize', interpolation);
  return {
    config: { name: 'Resize', size, interpolation },
    random: false,
    outputType: ({ shape: [channels, inputHeight, inputWidth], dtype }) => {
      requireBytes('Resize', dtype);
      if (Array.isArray(size)) return { shape: [channels, height, width], dtype };
      if (inputHeight === null || inputWidth === null) return { shape: [channels, null, null], dtype };
      return { shape: [channels, ...shorterSide(height, inputHeight, inputWidth)], dtype };
    },
    prepare: () => {
      const resampler = new Resampler();
      return (input, _, output) => {
        if (input.height === output.height && input.width === output.width) return input;
        const box = { left: 0, top: 0, width: input.width, height: input.height };
        resampler.run(input as Image, box, output as Image, interpolation);
        return output;
      };
    },
  };
}

/** [height, width] with the shorter side of this length; the longer one is rounded down, as torchvision does. */
function shorterSide(size: number, height: number, width: number): readonly [number, number] {
  const longer = Math.max(1, Math.trunc((size * Math.max(height, width)) / Math.min(height, width)));
  return height < width ? [size, longer] : [longer, size];
}

export function parseInterpolation(transform: string, value: unknown): Interpolation {
  const known = interpolations.find((name) => name === value);
  if (known) return known;
  throw wrongArgument(transform, 'interpolation', interpolations.map((name) => `'${name}'`).join(', '), value);
}
