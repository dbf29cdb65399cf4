// Residua in a browser: engine, layers, models, training, data in memory. It is one small file without dependencies that a
// script tag can load; test/browser/size.test.ts holds it under 60 KB. What it leaves out for that is in full.ts: files of
// models and checkpoints, prediction, transforms of photographs, the reference device.

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
export { randomSplit } from './data/split.ts';
export { Compose, compose } from './data/transforms/compose.ts';
export { centerCrop, type RandomCropOptions, randomCrop, type Size } from './data/transforms/crop.ts';
export { randomHorizontalFlip, randomVerticalFlip } from './data/transforms/flip.ts';
export { pad } from './data/transforms/pad.ts';
export { normalize, toTensor } from './data/transforms/tensor.ts';
export type { Transform, TransformConfig } from './data/transforms/transform.ts';
export { createDevice, type DeviceName, type DeviceOptions } from './devices/create-device.browser.ts';
export type { Device, Feed, Graph, Program, Values } from './devices/device.ts';
export { ResiduaError, UsageError } from './errors.ts';
export * from './models/index.ts';
export * from './nn/index.ts';
export * from './tensor/index.ts';
export { type RandomStream, randomStream } from './tensor/random.ts';
export { clipByGlobalNorm, globalNorm } from './train/clip.ts';
export { EarlyStopping } from './train/early-stopping.ts';
export { ModelEma } from './train/ema.ts';
export { type EvaluateOptions, type Evaluation, Evaluator, evaluate } from './train/evaluate.ts';
export { type TrainOptions, type TrainOutcome, train } from './train/loop.ts';
export * from './train/optimizers/index.ts';
export type { EpochSummary, LogPoint, Place, Ready, StepProgress, Validation } from './train/progress.ts';
export * from './train/schedules/index.ts';
export { TrainingState } from './train/state.ts';
export { multiLabel, singleLabel, type Task } from './train/task.ts';
export { weightsHash } from './train/weights-hash.ts';
export { version } from './version.ts';
