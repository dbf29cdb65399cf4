// Residua, the part that runs everywhere: tensors, layers, models, data, training. node.ts adds what needs Node.

export * from './data/index.ts';
export type { Device, Feed, Graph, Program, Values } from './devices/device.ts';
export { createReferenceDevice } from './devices/reference/device.ts';
export { ResiduaError, UsageError } from './errors.ts';
export * from './explain/index.ts';
export { readSafetensors, type SafeTensor, type Safetensors, writeSafetensors } from './formats/safetensors.ts';
export * from './models/index.ts';
export * from './nn/index.ts';
export * from './tensor/index.ts';
export { type RandomStream, randomStream } from './tensor/random.ts';
export * from './train/index.ts';
export { version } from './version.ts';
