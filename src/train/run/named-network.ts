// Weights that come without a description, such as a PyTorch checkpoint, as the network whose name the user says.

import { ResiduaError } from '../../errors.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { createModel, findModel } from '../../models/index.ts';
import { fitStateNames, type Module } from '../../nn/index.ts';
import type { Shape } from '../../tensor/index.ts';

export interface NamedNetwork {
  /** The registry's name. */
  readonly name: string;
  /** With the weights, in evaluation mode. */
  readonly model: Module;
  /** [C, H, W] as the network takes it. */
  readonly imageShape: Shape;
  /** Logits of an image. */
  readonly outputs: number;
}

/**
 * Channels and classes are read off the first convolution and the last linear layer.
 *
 * @param source how to call the weights in errors
 * @param imageSize height and width of the images; the model's own when undefined
 * @throws ResiduaError when the weights don't fit that network
 */
export function namedNetwork(
  { tensors }: { readonly tensors: ReadonlyMap<string, SafeTensor> },
  source: string,
  name: string,
  imageSize: number | undefined,
): { readonly network: NamedNetwork; readonly notes: readonly string[] } {
  const { inChannels, classes, imageSize: usualSize } = findModel(name);
  const usual = createModel(name, { inChannels, classes, seed: 0 }).stateDict();
  const { entries, notes } = fitStateNames(tensors, usual);
  const [[stem], [head]] = [
    [...usual].find(([, { rank }]) => rank === 4)!,
    [...usual].findLast(([, { rank }]) => rank === 2)!,
  ];
  const size = imageSize ?? usualSize;
  const model = createModel(name, {
    inChannels: entries.get(stem)?.shape[1] ?? inChannels,
    classes: entries.get(head)?.shape[0] ?? classes,
    imageSize: size,
    seed: 0,
  });
  try {
    model.loadStateDict(entries);
  } catch (error) {
    if (!(error instanceof ResiduaError)) throw error;
    throw new ResiduaError(`${source}: ${error.message}`, { hint: error.hint, cause: error });
  }
  const state = model.stateDict();
  const imageShape = [state.get(stem)!.shape[1], size, size];
  return { network: { name, model: model.eval(), imageShape, outputs: state.get(head)!.shape[0] }, notes };
}
