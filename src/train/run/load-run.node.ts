// Opening a trained model: a run folder, or the weights file itself.

import { stat } from 'node:fs/promises';
import { ResiduaError } from '../../errors.ts';
import { type ModelFile, readModelFile } from '../model-file.ts';
import { filesOf, readRunFile } from './run-folder.node.ts';

export interface TrainedModel extends ModelFile {
  /** The weights file. */
  readonly file: string;
}

/**
 * @param path a run folder, or a model.safetensors that Residua wrote
 * @throws ResiduaError when there is nothing, or it is damaged or no model
 */
export async function loadRun(path: string): Promise<TrainedModel> {
  const found = await stat(path).catch((error) => {
    throw new ResiduaError(`there is no ${path}`, { hint: 'Name a run folder or a weights file.', cause: error });
  });
  const file = found.isDirectory() ? filesOf(path).model : path;
  const hint = `A run writes it when it ends or is stopped. Is this the folder of a run?`;
  return { ...readModelFile(await readRunFile(file, hint), file), file };
}
