// Another number of channels: each image's maps are copied as far as there are any on both sides, the rest is zeros.

import type { Kernel } from './kernel.ts';
import { zeros } from './kernel.ts';

export const resizeChannels: Kernel = (node, [x]) => {
  const result = zeros(node);
  const [batch, channels, ...map] = node.inputs[0].shape;
  const pixels = map.reduce((product, extent) => product * extent, 1);
  const kept = Math.min(channels, node.shape[1]) * pixels;
  for (let n = 0; n < batch; n++) {
    const image = x.subarray(n * channels * pixels, n * channels * pixels + kept);
    result.set(image, n * node.shape[1] * pixels);
  }
  return result;
};
