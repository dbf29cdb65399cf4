// Grayscale: grey from colours, in one channel or in three equal ones.

import { isFloatImage } from '../image.ts';
import { luma } from '../luma.ts';
import { requireBytes, type Transform, wrongArgument } from './transform.ts';

/** @param channels of the result: 1, or 3 for networks that were made for colours */
export function grayscale(channels: 1 | 3 = 1): Transform {
  if (channels !== 1 && channels !== 3) throw wrongArgument('Grayscale', 'num_output_channels', '1 or 3', channels);
  return {
    config: { name: 'Grayscale', num_output_channels: channels },
    random: false,
    outputType: ({ shape: [, height, width], dtype }) => {
      requireBytes('Grayscale', dtype);
      return { shape: [channels, height, width], dtype };
    },
    prepare: () => (input, _, output) => {
      if (isFloatImage(input)) return input;
      const { data, channels: own } = input;
      for (let from = 0, to = 0; to < output.data.length; from += own) {
        const grey = own === 3 ? luma(data[from], data[from + 1], data[from + 2]) : data[from];
        for (let c = 0; c < channels; c++) output.data[to++] = grey;
      }
      return output;
    },
  };
}
