// Kernels that change how many elements there are: sums, repetition, the variance of each channel; and reshape, which
// changes none.

import { broadcastIndex, type Kernel, zeros } from './kernel.ts';

/** Reduced axes have extent 1 in the result. */
export const sum: Kernel = (node, [x]) => {
  const result = zeros(node);
  const index = broadcastIndex(node.shape, node.inputs[0].shape);
  for (let i = 0; i < x.length; i++) result[index[i]] += x[i];
  return result;
};

export const broadcastTo: Kernel = (node, [x]) => {
  const result = zeros(node);
  const index = broadcastIndex(node.inputs[0].shape, node.shape);
  for (let i = 0; i < result.length; i++) result[i] = x[index[i]];
  return result;
};

/** Mean squared deviation from the mean, in two passes. */
export const channelVariance: Kernel = (node, [x]) => {
  const index = broadcastIndex(node.shape, node.inputs[0].shape);
  const count = x.length / node.size;
  const mean = zeros(node);
  for (let i = 0; i < x.length; i++) mean[index[i]] += x[i] / count;
  const variance = zeros(node);
  for (let i = 0; i < x.length; i++) {
    const deviation = x[i] - mean[index[i]];
    variance[index[i]] += (deviation * deviation) / count;
  }
  return variance;
};

export const reshape: Kernel = (_node, [x]) => x;
