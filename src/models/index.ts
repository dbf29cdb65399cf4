// Networks to train, and how to find them.

export type { BlockClass, BlockOptions } from './block.ts';
export { Bottleneck } from './bottleneck.ts';
export type { ModelEntry, ModelFamily } from './definition.ts';
export type { ModelOptions } from './model-options.ts';
export { PreActivationBlock, PreActivationBottleneck } from './pre-activation.ts';
export { createModel, findModel, listModels } from './registry.ts';
export { ResidualBlock } from './residual-block.ts';
export { type Architecture, ResNet, type ResNetOptions } from './resnet.ts';
export { type Shortcut, type ShortcutOption, shortcutOptions } from './shortcut.ts';
export { countParameters, type LayerSummary, type ModelSummary, summarise } from './summary.ts';
