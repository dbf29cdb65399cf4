// Residua in a browser: engine, layers, models, training, data in memory, in one file without dependencies that a script tag
// can load (test/browser/size.test.ts watches its size). What it leaves out to stay small is in full.ts: files of models and
// checkpoints, prediction, recipes, transforms of photographs, layer tables, the reference device.

export {
  ArrayDataset,
  type ArrayDatasetOptions,
  type Dataset,
  type Example,
  Subset,
  subset,
  take,
} from './data/dataset.ts';
export type { Batch, FloatImage, Image, ImageShape, InputShape } from './data/index.ts';
export { type BatchLoader, DataLoader, type EpochOptions, type LoaderOptions } from './data/loader.ts';
export { Compose, compose } from './data/transforms/compose.ts';
export { centerCrop, type RandomCropOptions, randomCrop, type Size } from './data/transforms/crop.ts';
export { randomHorizontalFlip, randomVerticalFlip } from './data/transforms/flip.ts';
export { pad } from './data/transforms/pad.ts';
export { normalize, toTensor } from './data/transforms/tensor.ts';
export type { Transform, TransformConfig } from './data/transforms/transform.ts';
export { createDevice, type DeviceName, type DeviceOptions } from './devices/create-device.browser.ts';
export type { Device, Feed, Graph, Program, Values } from './devices/device.ts';
export { ResiduaError, UsageError } from './errors.ts';
export type { BlockClass, BlockOptions } from './models/block.ts';
export { Bottleneck } from './models/bottleneck.ts';
export type { ModelEntry, ModelFamily } from './models/definition.ts';
export type { ModelOptions } from './models/model-options.ts';
export { PreActivationBlock, PreActivationBottleneck } from './models/pre-activation.ts';
export { createModel, findModel, listModels } from './models/registry.ts';
export { ResidualBlock } from './models/residual-block.ts';
export { type Architecture, ResNet, type ResNetOptions } from './models/resnet.ts';
export { GELU, ReLU, Sigmoid, SiLU, Tanh } from './nn/activation.ts';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './nn/batch-norm.ts';
export { Flatten, Identity, Sequential } from './nn/containers.ts';
export { Conv2d, type Conv2dLayerOptions } from './nn/conv2d.ts';
export { Dropout } from './nn/dropout.ts';
export { type Initialiser, kaimingNormal, kaimingUniform } from './nn/initialisers.ts';
export { Linear, type LinearOptions } from './nn/linear.ts';
export type { LoadReport, StateEntry } from './nn/load-state.ts';
export { Module } from './nn/module.ts';
export { PadChannels } from './nn/pad-channels.ts';
export { AvgPool2d, GlobalAvgPool2d, MaxPool2d } from './nn/pooling.ts';
export * from './tensor/index.ts';
export { type RandomStream, randomStream } from './tensor/random.ts';
export { type EvaluateOptions, type Evaluation, Evaluator, evaluate } from './train/evaluate.ts';
export { type TrainOptions, type TrainOutcome, train } from './train/loop.ts';
export { Adam, type AdamOptions, AdamW } from './train/optimizers/adam.ts';
export { Optimizer, type ParameterGroup } from './train/optimizers/optimizer.ts';
export { SGD, type SGDOptions } from './train/optimizers/sgd.ts';
export type { EpochSummary, LogPoint, Place, Ready, StepProgress, Validation } from './train/progress.ts';
export { constantLR } from './train/schedules/constant.ts';
export { type CosineAnnealingOptions, cosineAnnealingLR } from './train/schedules/cosine.ts';
export { type MultiStepLROptions, multiStepLR } from './train/schedules/multi-step.ts';
export { type OneCycleOptions, oneCycleLR } from './train/schedules/one-cycle.ts';
export type { Schedule } from './train/schedules/schedule.ts';
export { type StepLROptions, stepLR } from './train/schedules/step.ts';
export { linearWarmUp, type WarmUpOptions } from './train/schedules/warm-up.ts';
export { TrainingState } from './train/state.ts';
export { singleLabel, type Task } from './train/task.ts';
export { weightsHash } from './train/weights-hash.ts';
export { version } from './version.ts';
