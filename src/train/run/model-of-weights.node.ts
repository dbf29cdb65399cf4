// Which network a file of weights belongs to, where it says so: a run that begins with the file takes it over, so that only
// PyTorch's files, which say nothing, need the model's name beside them.

import { ResiduaError } from '../../errors.ts';
import { readWeightsFile } from '../../formats/weights.node.ts';
import { CARD, modelOf } from '../model-file.ts';
import { modelOptionsSchema, type RunOverrides } from './config.ts';

/**
 * The model of the file and its options; nothing for a file that is not Residua's own.
 *
 * @throws ResiduaError when the file can't be read, or is damaged
 */
export async function modelOfWeights(file: string): Promise<Pick<RunOverrides, 'model' | 'modelOptions'>> {
  const weights = await readWeightsFile(file);
  if (!weights.metadata.has(CARD)) return {};
  const { model, options } = modelOf(weights, file).card;
  const { classes: _, inChannels: __, imageSize: ___, ...own } = options;
  const modelOptions = modelOptionsSchema.safeParse(own);
  if (modelOptions.success) return { model, modelOptions: modelOptions.data };
  throw new ResiduaError(`${file} describes a model with options that no run can have: ${JSON.stringify(own)}`, {
    hint: 'Name the model yourself, with --model.',
  });
}
