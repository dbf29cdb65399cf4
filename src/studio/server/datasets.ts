// The images that the page shows, and those that a tab trains on. Nothing is downloaded for them: what is not on this machine
// is missing.

import { existsSync } from 'node:fs';
import { findDataset as stateOf } from '../../cli/data-state.ts';
import { ArrayDataset, catalog, type Dataset, describeDataset, type SplitName, take } from '../../data/index.ts';
import type { ResiduaError } from '../../errors.ts';
import { writeSafetensors } from '../../formats/safetensors.ts';
import { findDataset, openDataset } from '../../train/run/datasets.node.ts';
import { smallPng } from '../../train/run/report/thumbnails.node.ts';
import { DATA_TENSORS, type DataCard, type DataSplit, type DatasetView } from '../protocol.ts';
import { RequestError } from './request-error.ts';
import { Shared } from './shared.ts';

/** Pixels of the longer side of an image that is shown. */
const LARGEST_IMAGE = 512;

/** Splits, and files of them, that are kept in memory for the next request. MNIST's training images are 47 MB. */
const KEPT = 2;

export function listDatasets(): DatasetView[] {
  return catalog.map((description) => {
    const { name, title, source, imageShape, classes, mean, std, splits } = description;
    const state = stateOf(description);
    return {
      name,
      title,
      source,
      imageShape,
      classes,
      mean,
      std,
      trainImages: splits.train.length,
      testImages: splits.test.length,
      found: state.train.found !== null && state.test.found !== null,
      downloadBytes: state.downloadBytes,
    };
  });
}

export class Datasets {
  readonly #open = new Shared<Dataset>(KEPT);
  readonly #files = new Shared<Uint8Array<ArrayBuffer>>(KEPT);

  /**
   * @param nameOrFolder a name of the catalog, or the folder that a run was trained on
   * @param limit the first so many images; null for all
   * @returns a PNG file
   */
  async image(
    nameOrFolder: string,
    { split, index, limit }: { split: SplitName; index: number; limit: number | null },
  ): Promise<Uint8Array> {
    const all = await this.#split(nameOrFolder, split);
    const dataset = limit === null ? all : take(all, limit);
    if (index >= dataset.length) {
      throw new RequestError('not-found', `${dataset.name} has the images 0 to ${dataset.length - 1}, not ${index}`);
    }
    return smallPng(dataset.get(index).image, LARGEST_IMAGE);
  }

  /** Images and labels in one file, as DATA_TENSORS says. @param name of the catalog */
  file(name: string, split: DataSplit, limit: number | null): Promise<Uint8Array<ArrayBuffer>> {
    return this.#files.get(JSON.stringify([name, split, limit]), async () => {
      const dataset = await this.#split(name, split);
      if (!(dataset instanceof ArrayDataset))
        throw new RequestError('not-found', `${name} is not a data set of one file`);
      return dataFile(dataset, { name, split, limit });
    });
  }

  #split(nameOrFolder: string, split: SplitName): Promise<Dataset> {
    return this.#open.get(JSON.stringify([nameOrFolder, split]), async () => {
      checkPresence(nameOrFolder, split);
      return openDataset(findDataset(nameOrFolder), { split, limit: null });
    });
  }
}

/** @throws RequestError where a data set's files are not on this machine */
export function checkPresence(nameOrFolder: string, split: SplitName): void {
  const known = catalog.find(({ name }) => name === nameOrFolder);
  const isHere = known ? split !== 'validation' && stateOf(known)[split].found !== null : existsSync(nameOrFolder);
  if (isHere) return;
  throw new RequestError('missing-data', `the images of ${nameOrFolder} are not on this machine`, {
    hint: known ? 'A training with it downloads them.' : undefined,
  });
}

/** @throws RequestError unless the catalog has it */
export function checkName(name: string): void {
  try {
    describeDataset(name);
  } catch (error) {
    throw new RequestError('not-found', (error as ResiduaError).message, { hint: (error as ResiduaError).hint });
  }
}

export function dataFile(
  { images, labels, imageShape, classes, length }: ArrayDataset,
  { name, split, limit }: { name: string; split: DataSplit; limit: number | null },
): Uint8Array<ArrayBuffer> {
  const { mean, std } = describeDataset(name);
  const count = Math.min(limit ?? length, length);
  const [channels, height, width] = imageShape;
  const card: DataCard = { name, split, classes, imageShape, mean, std, length };
  const bytes = Uint8Array.from(labels.subarray(0, count));
  return writeSafetensors(
    new Map([
      [
        DATA_TENSORS.images,
        {
          dtype: 'U8',
          shape: [count, height, width, channels],
          data: images.subarray(0, count * channels * height * width),
        },
      ],
      [DATA_TENSORS.labels, { dtype: 'U8', shape: [count], data: bytes }],
    ]),
    [[DATA_TENSORS.card, JSON.stringify(card)]],
  );
}
