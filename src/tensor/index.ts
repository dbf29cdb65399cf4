// Symbolic tensors and the operations on them: everything a model or a loss is written with.

export { gradients } from './autograd.ts';
export { erf, exp, gelu, relu, sigmoid, silu, sqrt, tanh } from './operations/activation.ts';
export { add, constant, div, mul, sub } from './operations/arithmetic.ts';
export { batchNorm, channelMean, channelVariance } from './operations/batch-norm.ts';
export { padChannels } from './operations/channels.ts';
export { type Conv2dOptions, conv2d } from './operations/convolution.ts';
export { dropout } from './operations/dropout.ts';
export { binaryCrossEntropy, softmaxCrossEntropy } from './operations/loss.ts';
export { linear, matmul } from './operations/matmul.ts';
export { avgPool2d, globalAvgPool2d, maxPool2d, type PoolOptions } from './operations/pooling.ts';
export { broadcastTo, mean, type ReductionOptions, sum } from './operations/reduction.ts';
export { flatten, reshape } from './operations/reshape.ts';
export { type Pair, type Shape, ShapeError } from './shape.ts';
export { type Assignment, assign, type DType, Input, Tensor, Variable } from './tensor.ts';
