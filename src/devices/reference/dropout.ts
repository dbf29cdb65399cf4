// The dropout mask: a pure function of (key, step, place), as src/tensor/operations/dropout.ts defines it.

import type { DropoutMask } from '../../tensor/operations/dropout.ts';
import { philox4x32 } from '../../tensor/random.ts';
import { type Kernel, zeros } from './kernel.ts';

/** Input step; 0 or 1 / (1 - p) for every element. */
export const dropoutMask: Kernel = (node, [step]) => {
  const { shape, probability, key } = node.attributes as unknown as DropoutMask;
  // [N, C, H, W] is seen as [N, C, H*W]; any other shape as [all axes before the last, last, 1].
  const isImage = shape.length === 4;
  const channels = (isImage ? shape[1] : shape.at(-1)) ?? 1;
  const mapSize = isImage ? shape[2] * shape[3] : 1;
  const mask = zeros(node);
  for (let i = 0; i < mask.length; i++) {
    const image = Math.floor(i / (channels * mapSize));
    const channel = Math.floor(i / mapSize) % channels;
    const pixel = image * mapSize + (i % mapSize);
    const words = philox4x32([pixel, channel >> 2, step[0], 0], key);
    mask[i] = words[channel & 3] < probability * 2 ** 32 ? 0 : 1 / (1 - probability);
  }
  return mask;
};
