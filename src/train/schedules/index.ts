// Learning rates by step, with PyTorch's formulas.

export { constantLR } from './constant.ts';
export { type CosineAnnealingOptions, cosineAnnealingLR } from './cosine.ts';
export { createSchedule, type ScheduleConfig, type ScheduleName, scheduleNames } from './create.ts';
export { type MultiStepLROptions, multiStepLR } from './multi-step.ts';
export { type OneCycleOptions, oneCycleLR } from './one-cycle.ts';
export type { Schedule } from './schedule.ts';
export { type StepLROptions, stepLR } from './step.ts';
export { linearWarmUp, type WarmUpOptions } from './warm-up.ts';
