// Opening a trained model: a run folder, a weights file that describes itself, or one that does not (a PyTorch checkpoint)
// together with what its owner says about it.

import { stat } from 'node:fs/promises';
import { fromConfig, type TransformConfig } from '../../data/index.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { readWeights, type Weights } from '../../formats/weights.node.ts';
import { CARD, type ModelCard, type ModelFile, modelOf } from '../model-file.ts';
import { findDataset } from './datasets.node.ts';
import { namedNetwork } from './named-network.ts';
import { resolveRunConfig } from './resolve-config.node.ts';
import { filesOf, readRunFile } from './run-folder.node.ts';

export interface TrainedModel extends ModelFile {
  /** The weights file. */
  readonly file: string;
  /** What was chosen or left out on the way, a sentence each. */
  readonly notes: readonly string[];
}

/** What is to be said about weights that say nothing themselves. */
export interface WeightsDescription {
  /** The registry's name. */
  readonly model?: string;
  /** Height and width of the network's images; the model's own by default. */
  readonly imageSize?: number;
  /** Whose classes they tell apart, and whose test images they were tested on. */
  readonly dataset?: string;
  /** Whose preprocessing they were trained with; that of the data set by default. */
  readonly recipe?: string;
}

/** How torchvision tests its networks of ImageNet, 224 pixels wide. */
const imageNet: readonly TransformConfig[] = [
  { name: 'Resize', size: 256 },
  { name: 'CenterCrop', size: 224 },
  { name: 'ToTensor' },
  { name: 'Normalize', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
];

/**
 * @param path a run folder, or a file of weights: safetensors or .pth
 * @param described needed for weights that Residua did not write
 * @throws ResiduaError when there is nothing, or it is damaged or no model; UsageError when the description is wrong
 */
export async function loadRun(path: string, described: WeightsDescription = {}): Promise<TrainedModel> {
  const found = await stat(path).catch((error) => {
    throw new ResiduaError(`there is no ${path}`, { hint: 'Name a run folder or a weights file.', cause: error });
  });
  const file = found.isDirectory() ? filesOf(path).model : path;
  const hint = `A run writes it when it ends or is stopped. Is this the folder of a run?`;
  const weights = await readWeights(await readRunFile(file, hint), file);
  const { model, imageSize, recipe } = described;
  if (weights.metadata.has(CARD)) {
    if (model !== undefined || imageSize !== undefined || recipe !== undefined) {
      throw new UsageError(`${file} says itself which model it belongs to, and how images are prepared for it`, {
        hint: 'Leave --model, --size and --recipe out.',
      });
    }
    return { ...modelOf(weights, file), file, notes: weights.notes };
  }
  if (model === undefined) {
    throw new UsageError(`${file} holds weights alone: it does not say which model it belongs to`, {
      hint: 'Say it with --model NAME, and with --dataset what it was trained on; residua models lists the names.',
    });
  }
  return describe(weights, file, model, described);
}

function describe(weights: Weights, file: string, name: string, said: WeightsDescription): TrainedModel {
  const { network, notes } = namedNetwork(weights, file, name, said.imageSize);
  const { model, outputs, imageShape } = network;
  const [channels, side] = imageShape;
  const options = { classes: outputs, inChannels: channels, imageSize: side };
  const card = { model: name, options, task: 'single-label' } as const;
  const own = said.dataset === undefined ? ofImageNet(network, file) : ofDataset(said.dataset, said, outputs, file);
  const preprocessing = fromConfig(own.preprocessing);
  const given = preprocessing.outputShape(own.imageShape);
  if (given.join() !== imageShape.join()) {
    const found = `the preprocessing gives [${given.join(', ')}]`;
    throw new UsageError(`${file}: ${name} takes images of [${imageShape.join(', ')}], but ${found}`, {
      hint: 'Name another --recipe, --dataset or --size.',
    });
  }
  return { model, card: { ...card, ...own }, preprocessing, file, notes: [...weights.notes, ...notes] };
}

type Images = Pick<ModelCard, 'classes' | 'imageShape' | 'preprocessing' | 'dataset'>;

function ofDataset(name: string, { recipe }: WeightsDescription, outputs: number, file: string): Images {
  const { classes, imageShape, name: dataset } = findDataset(name);
  if (classes.length !== outputs) {
    throw new UsageError(`${file} tells ${outputs} classes apart, but ${dataset} has ${classes.length}`);
  }
  const { transforms } = resolveRunConfig({ dataset: name, recipe });
  return { classes, imageShape, preprocessing: transforms.test, dataset };
}

function ofImageNet({ imageShape, outputs, name }: ReturnType<typeof namedNetwork>['network'], file: string): Images {
  if (imageShape.join() !== '3,224,224') {
    throw new UsageError(`${file} does not say what ${name} was trained on`, {
      hint: 'Say it with --dataset: its classes, and how its images are prepared.',
    });
  }
  const classes = Array.from({ length: outputs }, (_, i) => String(i));
  return { classes, imageShape: [3, null, null], preprocessing: imageNet, dataset: 'imagenet' };
}
