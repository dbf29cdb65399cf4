// The work that is measured, as a file: a network, its first weights and some batches. Residua and its peers all read it,
// so they start from the same numbers, and the numbers that come out show whether they do the same work.
//
//   safetensors: state.* (weights by PyTorch's names), images [batches, N, C, H, W], labels [batches, N];
//   in its metadata the layers (layer-graph.ts) and how Residua makes the model

import { ResiduaError } from '../../errors.ts';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../../formats/safetensors.ts';
import { createModel, type ModelOptions } from '../../models/index.ts';
import type { Module } from '../../nn/index.ts';
import type { Shape, Variable } from '../../tensor/index.ts';
import { randomStream } from '../../tensor/random.ts';
import { layerGraph } from './layer-graph.ts';

export interface WorkloadOptions {
  readonly model: string;
  /** Images a step. */
  readonly batchSize: number;
  readonly inChannels: number;
  readonly imageSize: number;
  readonly classes: number;
}

/** A workload in memory. */
export interface Workload {
  /** With its weights set, in training mode. */
  readonly model: Module;
  /** [N, C, H, W] */
  readonly imageShape: Shape;
  /** One array a batch, in PyTorch's element order. */
  readonly images: readonly Float32Array[];
  readonly labels: readonly Int32Array[];
}

/** Different batches, so that training does not learn one by heart and end in denormal numbers... */
const MAX_BATCHES = 16;
/** ...as far as they fit in so many bytes. */
const MAX_IMAGE_BYTES = 32 * 2 ** 20;

/** The model that the options name, in training mode. */
export function modelOf({ model, inChannels, classes, imageSize }: WorkloadOptions): Module {
  const options: ModelOptions = { inChannels, classes, imageSize, seed: 0 };
  return createModel(model, options);
}

/**
 * The bytes of a workload's file.
 *
 * @param portable whether peers must be able to build the network; throws ResiduaError where they can't
 */
export function writeWorkload(options: WorkloadOptions, portable: boolean): Uint8Array {
  const { batchSize, inChannels, imageSize, classes } = options;
  const model = modelOf(options);
  const imageShape = [batchSize, inChannels, imageSize, imageSize];
  const size = batchSize * inChannels * imageSize * imageSize;
  const batches = Math.max(
    1,
    Math.min(MAX_BATCHES, Math.floor(MAX_IMAGE_BYTES / (size * Float32Array.BYTES_PER_ELEMENT))),
  );
  const random = randomStream({ seed: 0, purpose: 'augment' });
  const images = Float32Array.from({ length: batches * size }, () => random.normal());
  const labels = Int32Array.from({ length: batches * batchSize }, () => random.integer(classes));

  const tensors: [string, SafeTensor][] = [...model.stateDict()].map(([name, variable]) => {
    return [`state.${name}`, asSafeTensor(variable)];
  });
  tensors.push(['images', { dtype: 'F32', shape: [batches, ...imageShape], data: images }]);
  tensors.push(['labels', { dtype: 'I32', shape: [batches, batchSize], data: labels }]);
  const metadata: [string, string][] = [['options', JSON.stringify(options)]];
  if (portable) metadata.push(['layers', JSON.stringify(layerGraph(model, imageShape))]);
  return writeSafetensors(tensors, metadata);
}

/** @throws ResiduaError when the file is damaged */
export function readWorkload(bytes: Uint8Array, source: string): Workload {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const model = modelOf(JSON.parse(metadata.get('options') ?? '{}'));
  const state = [...tensors].filter(([name]) => name.startsWith('state.'));
  model.loadStateDict(new Map(state.map(([name, tensor]) => [name.slice('state.'.length), tensor])));
  const images = tensors.get('images');
  const labels = tensors.get('labels');
  if (images?.dtype !== 'F32' || labels?.dtype !== 'I32') throw new ResiduaError(`${source} has no images and labels`);
  const [batches, ...imageShape] = images.shape;
  return {
    model,
    imageShape,
    images: Array.from({ length: batches }, (_, i) => part(images.data, i, batches)),
    labels: Array.from({ length: batches }, (_, i) => part(labels.data, i, batches)),
  };
}

function asSafeTensor({ shape, value }: Variable): SafeTensor {
  return value instanceof Int32Array ? { dtype: 'I32', shape, data: value } : { dtype: 'F32', shape, data: value };
}

function part<T extends Float32Array | Int32Array>(array: T, index: number, parts: number): T {
  const size = array.length / parts;
  return array.subarray(index * size, (index + 1) * size) as T;
}
