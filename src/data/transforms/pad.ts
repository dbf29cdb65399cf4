// Pad: a border of constant pixels around the image (torchvision's Pad with padding_mode 'constant').

import { place } from './rectangle.ts';
import { type Padding, parseFill, parsePadding, type Transform } from './transform.ts';

/** @param fill the value of the new pixels; 0 is black */
export function pad(padding: Padding, fill = 0): Transform {
  const [left, top, right, bottom] = parsePadding('Pad', padding);
  parseFill('Pad', fill);
  return {
    config: { name: 'Pad', padding, fill },
    random: false,
    outputType: ({ shape: [channels, height, width], dtype }) => ({
      shape: [channels, height && height + top + bottom, width && width + left + right],
      dtype,
    }),
    prepare: () => (input, _, output) => {
      place(input, output, left, top, fill);
      return output;
    },
  };
}
