// model.safetensors: a model's weights under PyTorch's names, and in the metadata, under 'residua', a card that says how to
// build the model, how to prepare an image for it and what its outputs are called. Whoever opens the file (evaluate,
// predict, the studio) so agrees with how it was trained, and PyTorch opens it as it is.

import { type Compose, fromConfig, type InputShape, type TransformConfig } from '../data/index.ts';
import { ResiduaError } from '../errors.ts';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../formats/safetensors.ts';
import { createModel, type ModelOptions } from '../models/index.ts';
import type { Module } from '../nn/index.ts';
import { type TaskName, taskNames } from './task.ts';

export interface ModelCard {
  /** The registry's name. */
  readonly model: string;
  /** What it was built with, besides the seed. */
  readonly options: Omit<ModelOptions, 'seed'>;
  readonly classes: readonly string[];
  /** [C, H, W] of an image before preprocessing; H and W are null where images may have any size. */
  readonly imageShape: InputShape;
  /** From such an image to the network's input. */
  readonly preprocessing: readonly TransformConfig[];
  readonly task: TaskName;
  /** What it was trained on. */
  readonly dataset: string;
}

export interface ModelFile {
  /** With its weights, in evaluation mode. */
  readonly model: Module;
  readonly card: ModelCard;
  readonly preprocessing: Compose;
}

/** Where the card is in a file's metadata. */
export const CARD = 'residua';

/** @param model its variables' host values, as the last device.read left them */
export function writeModelFile(model: Module, card: ModelCard): Uint8Array<ArrayBuffer> {
  return writeSafetensors(stateTensors(model), [
    ['format', 'pt'],
    [CARD, JSON.stringify(card)],
  ]);
}

/** stateDict() as files hold it. */
export function stateTensors(model: Module): Map<string, SafeTensor> {
  return new Map(
    [...model.stateDict()].map(([name, { shape, value }]): [string, SafeTensor] => {
      if (value instanceof Float32Array) return [name, { dtype: 'F32', shape, data: value }];
      // PyTorch's counters (num_batches_tracked) are int64.
      return [name, { dtype: 'I64', shape, data: BigInt64Array.from(value, BigInt) }];
    }),
  );
}

/**
 * @param source how to call the file in errors
 * @throws ResiduaError when the file is damaged, has no card, or holds the weights of another model
 */
export function readModelFile(bytes: Uint8Array, source: string): ModelFile {
  return modelOf(readSafetensors(bytes, source), source);
}

/** The same of weights that are already read, from whatever kind of file. */
export function modelOf(
  {
    tensors,
    metadata,
  }: { readonly tensors: ReadonlyMap<string, SafeTensor>; readonly metadata: ReadonlyMap<string, string> },
  source: string,
): ModelFile {
  const text = metadata.get(CARD);
  if (text === undefined) {
    throw new ResiduaError(`${source} does not say which model it belongs to ('${CARD}' is not in its metadata)`, {
      hint: 'Give a file that Residua wrote, or a run folder.',
    });
  }
  try {
    const card = parseCard(text);
    const preprocessing = fromConfig(card.preprocessing);
    const [channels, height] = preprocessing.outputShape(card.imageShape);
    const model = createModel(card.model, { ...card.options, inChannels: channels, imageSize: height, seed: 0 });
    model.loadStateDict(tensors);
    return { model: model.eval(), card, preprocessing };
  } catch (error) {
    if (!(error instanceof ResiduaError)) throw error;
    throw new ResiduaError(`${source}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

function parseCard(text: string): ModelCard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ResiduaError(`the model's description is not JSON (${(error as Error).message})`, { cause: error });
  }
  const isText = (value: unknown) => typeof value === 'string';
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const rules: Record<keyof ModelCard, (value: unknown) => boolean> = {
    model: isText,
    options: isObject,
    classes: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
    imageShape: isInputShape,
    preprocessing: Array.isArray,
    task: (value) => taskNames.some((name) => name === value),
    dataset: isText,
  };
  const fields = isObject(json) ? (json as Record<string, unknown>) : {};
  for (const [field, holds] of Object.entries(rules)) {
    if (!holds(fields[field])) {
      throw new ResiduaError(`the model's description has a wrong '${field}': ${JSON.stringify(fields[field])}`);
    }
  }
  return json as ModelCard;
}

function isInputShape(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [channels, ...size] = value;
  return Number.isInteger(channels) && (size.every(Number.isInteger) || size.every((extent) => extent === null));
}
