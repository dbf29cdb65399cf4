// Layers to build models from: PyTorch's, with PyTorch's state_dict names.

export {
  type ActivationName,
  activationNames,
  createActivation,
  GELU,
  isActivation,
  ReLU,
  Sigmoid,
  SiLU,
  Tanh,
} from './activation.ts';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './batch-norm.ts';
export { Flatten, Identity, Sequential } from './containers.ts';
export { Conv2d, type Conv2dLayerOptions } from './conv2d.ts';
export { Dropout } from './dropout.ts';
export { type Initialiser, kaimingNormal, kaimingUniform } from './initialisers.ts';
export { Linear, type LinearOptions } from './linear.ts';
export type { LoadReport, StateEntry } from './load-state.ts';
export { Module } from './module.ts';
export { PadChannels } from './pad-channels.ts';
export { AvgPool2d, GlobalAvgPool2d, MaxPool2d } from './pooling.ts';
export { type FittedState, fitStateNames } from './state-names.ts';
export { type ModuleCall, type Trace, trace } from './trace.ts';
