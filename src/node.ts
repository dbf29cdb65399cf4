// Residua on Node: everything of index.ts, and devices by name, data sets from files and mirrors, and run folders.

export * from './data/node.ts';
export { createDevice, type DeviceName, type DeviceOptions, deviceNames } from './devices/create-device.node.ts';
export { exportOnnx, type OnnxOptions } from './formats/onnx/export-onnx.ts';
export { readWeights, readWeightsFile, type Weights } from './formats/weights.node.ts';
export * from './index.ts';
export * from './train/compare/node.ts';
export * from './train/run/node.ts';
