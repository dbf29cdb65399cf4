// What the page can choose from: recipes with what they come to, models, data sets, and the names that options take.

import os from 'node:os';
import { deviceNames } from '../../devices/create-device.node.ts';
import { listModels } from '../../models/index.ts';
import { activationNames } from '../../nn/index.ts';
import { augmentNames, listRecipes, optimizerNames, scheduleNames, taskNames } from '../../train/index.ts';
import { resolveRunConfig } from '../../train/run/node.ts';
import { version } from '../../version.ts';
import type { Catalogue, ModelView } from '../protocol.ts';
import { listDatasets } from './datasets.ts';

/** @param folder of runs, for people */
export function catalogue(folder: string): Catalogue {
  return {
    version,
    node: process.versions.node,
    cores: os.availableParallelism(),
    folder,
    recipes: listRecipes().map(({ name, description }) => ({
      name,
      description,
      config: resolveRunConfig({ recipe: name }),
    })),
    models: listModels().map(
      ({ name, description, family, residual, twin, shortcuts, imageSize, inChannels, classes }): ModelView => {
        return { name, description, family, residual, twin, shortcuts, imageSize, inChannels, classes };
      },
    ),
    datasets: listDatasets(),
    choices: {
      optimizers: optimizerNames,
      schedules: scheduleNames,
      tasks: taskNames,
      activations: activationNames,
      augmentations: augmentNames,
      devices: deviceNames,
    },
  };
}
