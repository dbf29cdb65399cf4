// Runs as a whole, on Node: configuration, run folder, training, evaluation.

export { parseRunConfig, type RunConfig, type RunOverrides } from './config.ts';
export { type EvaluateRunOptions, evaluateRun, type RunEvaluation } from './evaluate-run.node.ts';
export {
  type ExportFormat,
  type ExportOptions,
  type ExportResult,
  exportFormats,
  exportRun,
} from './export-run.node.ts';
export { loadRun, type TrainedModel, type WeightsDescription } from './load-run.node.ts';
export { modelOfWeights } from './model-of-weights.node.ts';
export { type FailedPrediction, type FilePrediction, type PredictRunOptions, predictRun } from './predict-run.node.ts';
export type { EvaluateProgress, Reporter, RunFiles, RunResult, RunStart, RunSummary } from './reporter.ts';
export { resolveRunConfig } from './resolve-config.node.ts';
export { type RunOptions, resumeRun, trainRun } from './run.node.ts';
export {
  hasSeeds,
  resumeSeeds,
  type SeedRun,
  type SeedsOptions,
  type SeedsResult,
  type Spread,
  trainSeeds,
} from './seeds.node.ts';
export { configOfSettings, type TrainSettings } from './settings.ts';
