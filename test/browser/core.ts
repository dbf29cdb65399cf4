// Engine, layers and training alone, without networks and data: for size.test.ts.

export { createDevice } from '../../src/devices/create-device.browser.ts';
export { GELU, ReLU, Sigmoid, SiLU, Tanh } from '../../src/nn/activation.ts';
export { BatchNorm1d, BatchNorm2d } from '../../src/nn/batch-norm.ts';
export { Flatten, Identity, Sequential } from '../../src/nn/containers.ts';
export { Conv2d } from '../../src/nn/conv2d.ts';
export { Dropout } from '../../src/nn/dropout.ts';
export { kaimingNormal, kaimingUniform } from '../../src/nn/initialisers.ts';
export { Linear } from '../../src/nn/linear.ts';
export { Module } from '../../src/nn/module.ts';
export { PadChannels } from '../../src/nn/pad-channels.ts';
export { AvgPool2d, GlobalAvgPool2d, MaxPool2d } from '../../src/nn/pooling.ts';
export * from '../../src/tensor/index.ts';
export { evaluate } from '../../src/train/evaluate.ts';
export { train } from '../../src/train/loop.ts';
export * from '../../src/train/optimizers/index.ts';
export * from '../../src/train/schedules/index.ts';
export { multiLabel, singleLabel } from '../../src/train/task.ts';
export { weightsHash } from '../../src/train/weights-hash.ts';
