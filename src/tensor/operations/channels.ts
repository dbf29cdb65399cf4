// Channels put behind those of an image, and taken away again: each is the other's gradient.

import { apply, type Operation } from '../operation.ts';
import { ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** [N, C, ...] with another C: more are filled with zeros, fewer cut off at the end. */
const resizeChannelsOperation: Operation<{ channels: number }> = {
  name: 'resizeChannels',
  infer: ([x], { channels }) => ({ shape: [x.shape[0], channels, ...x.shape.slice(2)] }),
  gradient: (upstream, { inputs: [x] }) => [resizeChannels(upstream, x.shape[1])],
};

function resizeChannels(x: Tensor, channels: number): Tensor {
  return channels === x.shape[1] ? x : apply(resizeChannelsOperation, [x], { channels });
}

/**
 * `extra` channels of zeros behind those there are: [N, C, H, W] -> [N, C + extra, H, W].
 * PyTorch: F.pad(x, (0, 0, 0, 0, 0, extra)).
 */
export function padChannels(x: Tensor, extra: number): Tensor {
  if (x.rank !== 4) throw new ShapeError('padChannels', [x.shape], 'the input must be [N, C, H, W]');
  if (!Number.isInteger(extra) || extra < 0) {
    const rule = `the number of extra channels must be a whole number of at least 0, found ${extra}`;
    throw new ShapeError('padChannels', [x.shape], rule);
  }
  return resizeChannels(x, x.shape[1] + extra);
}
