// Training and measuring, on every platform. Runs as a whole, with their folders, are in run/node.ts.

export { type Checkpoint, readCheckpoint, restoreCheckpoint, saveCheckpoint, type Trained } from './checkpoint.ts';
export { type ClippedGradients, clipByGlobalNorm, globalNorm } from './clip.ts';
export { type AugmentName, augmentNames, defaultTransforms, type TransformChoices } from './default-transforms.ts';
export { type BestEpoch, EarlyStopping, type EarlyStoppingOptions } from './early-stopping.ts';
export { type EmaConfig, ModelEma } from './ema.ts';
export { type EvaluateOptions, type Evaluation, Evaluator, type EvaluatorOptions, evaluate } from './evaluate.ts';
export { freezeStages, type LoadedHead, loadForFineTuning, type Stage, stagesOf } from './fine-tune.ts';
export { LastGood } from './last-good.ts';
export { type TrainOptions, type TrainOutcome, train } from './loop.ts';
export { type CalibrationBin, meanConfidence } from './metrics/calibration.ts';
export type { ClassMetrics, Scores } from './metrics/class-metrics.ts';
export type { Mistake } from './metrics/mistakes.ts';
export type { Predictions } from './metrics/predictions.ts';
export { type ModelCard, type ModelFile, readModelFile, writeModelFile } from './model-file.ts';
export { type ModelInput, type ModelInputOptions, modelInput, takesCentredDigits } from './model-input.ts';
export { type FirstNonFinite, NonFiniteError } from './non-finite.ts';
export * from './optimizers/index.ts';
export type { Origin, Phase } from './origin.ts';
export { type LabelProbability, type Prediction, Predictor, type PredictorOptions } from './predict.ts';
export {
  type PreflightWarning,
  preflight,
  type Settings as PreflightSettings,
  type Situation as PreflightSituation,
} from './preflight/index.ts';
export type {
  EpochSummary,
  LayerNorms,
  LogPoint,
  NormsPoint,
  Place,
  Ready,
  StepProgress,
  Validation,
} from './progress.ts';
export { findRecipe, listRecipes, type Recipe, type RecipeName, recipeNames } from './recipes.ts';
export * from './schedules/index.ts';
export { type TrainingCounters, TrainingState } from './state.ts';
export { createTask, multiLabel, singleLabel, type Task, type TaskName, taskNames } from './task.ts';
export { weightsHash } from './weights-hash.ts';
