// A trained model in the form that another program reads: ONNX to run it, safetensors or .pth to go on with its weights.

import { stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { ResiduaError, UsageError } from '../../errors.ts';
import { writeAtomically } from '../../files/write-atomically.node.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors.ts';
import { readWeights, type Weights } from '../../formats/weights.node.ts';
import { countParameters } from '../../models/index.ts';
import type { Module } from '../../nn/index.ts';
import type { Shape } from '../../tensor/index.ts';
import { CARD, type ModelCard, modelOf, stateTensors } from '../model-file.ts';
import { namedNetwork } from './named-network.ts';
import { filesOf, readRunFile } from './run-folder.node.ts';

export const exportFormats = ['onnx', 'safetensors', 'pth'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  readonly to: ExportFormat;
  /** The new file; beside the weights, with the format's ending, by default. */
  readonly out?: string;
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** The registry's name, for weights that don't say which model they belong to. */
  readonly model?: string;
  /** Height and width of the images, for such weights; the model's own by default. */
  readonly imageSize?: number;
}

export interface ExportResult {
  readonly file: string;
  readonly format: ExportFormat;
  readonly bytes: number;
  /** Where the weights came from. */
  readonly source: string;
  /** The registry's name; null where nobody knows. */
  readonly model: string | null;
  readonly tensors: number;
  /** Trainable numbers of the model; null where it is not known. */
  readonly parameters: number | null;
  /** Of one image, as the network takes it: [C, H, W]; null where it is not known. */
  readonly imageShape: Shape | null;
  /** How many logits an image has; null where it is not known. */
  readonly outputs: number | null;
  /** null where nobody knows their names. */
  readonly classes: readonly string[] | null;
  /** What was chosen or left out, a sentence each. */
  readonly notes: readonly string[];
}

/** What is to be written. */
interface Content {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** undefined for weights of no known model. */
  readonly network?: Network;
}

interface Network {
  readonly name: string;
  readonly model: Module;
  readonly imageShape: Shape;
  readonly outputs: number;
  readonly card?: ModelCard;
}

/**
 * @param path a run folder or a file of weights
 * @throws ResiduaError when the weights are damaged or don't fit the model, UsageError when the file is there already
 */
export async function exportRun(path: string, options: ExportOptions): Promise<ExportResult> {
  const { to, force = false } = options;
  const found = await stat(path).catch((error) => {
    throw new ResiduaError(`there is no ${path}`, { hint: 'Name a run folder or a weights file.', cause: error });
  });
  const source = found.isDirectory() ? filesOf(path).model : path;
  const file = options.out ?? withEnding(source, to);
  await checkTarget(file, source, force);

  const hint = 'A run writes it when it ends or is stopped. Is this the folder of a run?';
  const weights = await readWeights(await readRunFile(source, hint), source);
  const { network, notes } = networkOf(weights, source, options);
  const { tensors, widened } = writable(network ? stateTensors(network.model) : weights.tensors);
  const bytes = await encode(to, { tensors, metadata: weights.metadata, network });
  await writeAtomically(file, bytes);
  return {
    file,
    format: to,
    bytes: bytes.length,
    source,
    model: network?.name ?? null,
    tensors: tensors.size,
    parameters: network ? countParameters(network.model) : null,
    imageShape: network?.imageShape ?? null,
    outputs: network?.outputs ?? null,
    classes: network?.card?.classes ?? null,
    notes: [...weights.notes, ...notes, ...widened],
  };
}

function withEnding(source: string, to: ExportFormat): string {
  const { dir, name } = parse(source);
  return join(dir, `${name}.${to}`);
}

async function checkTarget(file: string, source: string, force: boolean): Promise<void> {
  if (resolve(file) === resolve(source)) {
    throw new UsageError(`${source} is what would be exported: it can't be the new file, too`, {
      hint: 'Name another file with --out.',
    });
  }
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`${file} is a folder`, { hint: 'Name a file with --out.' });
  if (found && !force) {
    throw new UsageError(`${file} exists already`, {
      hint: 'Replace it with --force, or name another file with --out.',
    });
  }
}

/** The model that the weights say, or that the user says, with its weights; undefined where nobody says one. */
function networkOf(
  weights: Weights,
  source: string,
  { to, model: name, imageSize }: ExportOptions,
): { network?: Network; notes: readonly string[] } {
  if (weights.metadata.has(CARD)) {
    const { model, card, preprocessing } = modelOf(weights, source);
    if (name !== undefined && name !== card.model) {
      throw new UsageError(`${source} holds a ${card.model}, not a ${name}`, { hint: 'Leave --model out.' });
    }
    if (imageSize !== undefined) {
      throw new UsageError(`${source} says itself what its images are`, { hint: 'Leave --size out.' });
    }
    const imageShape = preprocessing.outputShape(card.imageShape);
    return { network: { name: card.model, model, card, imageShape, outputs: card.classes.length }, notes: [] };
  }
  if (name !== undefined) return namedNetwork(weights, source, name, imageSize);
  if (to === 'onnx') {
    throw new UsageError(`${source} holds weights alone, and ONNX needs the network, too`, {
      hint: 'Say which model they belong to with --model NAME; residua models lists them.',
    });
  }
  return { notes: [] };
}

/** Short floats, which are read but not written, as the float32 that their values already are. */
function writable(tensors: ReadonlyMap<string, SafeTensor>) {
  const short = [...tensors.values()].filter(({ dtype }) => dtype === 'F16' || dtype === 'BF16');
  const longer = ([name, tensor]: [string, SafeTensor]): [string, SafeTensor] => {
    return tensor.dtype === 'F16' || tensor.dtype === 'BF16' ? [name, { ...tensor, dtype: 'F32' }] : [name, tensor];
  };
  return {
    tensors: new Map([...tensors].map(longer)),
    widened: short.length === 0 ? [] : [`16-bit floats (${short.length} tensors) are written as float32.`],
  };
}

async function encode(to: ExportFormat, { tensors, metadata, network }: Content): Promise<Uint8Array> {
  if (to === 'safetensors') return writeSafetensors(tensors, [...metadata, ['format', 'pt']]);
  if (to === 'pth') {
    const { writeTorchFile } = await import('../../formats/pytorch/write-torch.ts');
    return writeTorchFile(tensors, new Map([...metadata].filter(([key]) => key === CARD)));
  }
  const { name, model, imageShape, card } = network!;
  // Loaded for those who need it: protobuf takes a while.
  const { exportOnnx } = await import('../../formats/onnx/export-onnx.ts');
  return exportOnnx(model, { name, imageShape, metadata: card ? onnxMetadata(card) : new Map([['model', name]]) });
}

/** The card's fields by themselves; what is no text is JSON. */
function onnxMetadata(card: ModelCard): Map<string, string> {
  return new Map(
    Object.entries(card).map(([field, value]) => [field, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
