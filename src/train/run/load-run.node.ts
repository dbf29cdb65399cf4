// Opening a trained model: a run folder, or the weights file itself.

import { stat } from 'node:fs/promises';
import { ResiduaError } from '../../errors.ts';
import { readWeights } from '../../formats/weights.node.ts';
import { type ModelFile, modelOf } from '../model-file.ts';
import { filesOf, readRunFile } from './run-folder.node.ts';

export interface TrainedModel extends ModelFile {
  /** The weights file. */
  readonly file: string;
}

/**
 * @param path a run folder, or a file of weights that Residua wrote, safetensors or .pth
 * @throws ResiduaError when there is nothing, or it is damaged or no model
 */
export async function loadRun(path: string): Promise<TrainedModel> {
  const found = await stat(path).catch((error) => {
    throw new ResiduaError(`there is no ${path}`, { hint: 'Name a run folder or a weights file.', cause: error });
  });
  const file = found.isDirectory() ? filesOf(path).model : path;
  const hint = `A run writes it when it ends or is stopped. Is this the folder of a run?`;
  const weights = await readWeights(await readRunFile(file, hint), file);
  return { ...modelOf(weights, file), file };
}
