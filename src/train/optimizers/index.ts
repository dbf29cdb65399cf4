// Optimizers with PyTorch's meaning of every option.

export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { createOptimizer, type OptimizerConfig, type OptimizerName, optimizerNames } from './create.ts';
export { Optimizer, type ParameterGroup } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
