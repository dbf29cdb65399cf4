// Networks to train, and how to find them.

export { createModel, findModel, listModels, type ModelEntry, type ModelOptions } from './registry.ts';
export { ResidualBlock, type ResidualBlockOptions, type Shortcut } from './residual-block.ts';
export { ResNet, type ResNetOptions } from './resnet.ts';
export { countParameters, type LayerSummary, type ModelSummary, summarise } from './summary.ts';
