// Where runs run in a tab: data sets that the page has loaded, the browser's device, batches prepared in the worker's own thread.

import { ArrayDataset } from '../../../../data/dataset.ts';
import { DataLoader, type Dataset, describeDataset } from '../../../../data/index.ts';
import type { DataSource } from '../../../../data/sources/source.ts';
import { createDevice, type DeviceName } from '../../../../devices/create-device.browser.ts';
import { ResiduaError, UsageError } from '../../../../errors.ts';
import { readSafetensors } from '../../../../formats/safetensors.ts';
import type { Platform } from '../../../../train/run/build.ts';
import { DATA_TENSORS, type DataSplit } from '../../../protocol.ts';

/** Files as DATA_TENSORS says, of the run's data set. */
export type TabData = Readonly<Record<DataSplit, Uint8Array>>;

/** @param data left out where nothing is opened, such as to complete a configuration */
export function tabPlatform(data?: TabData): Platform {
  return {
    findDataset: (name) => sourceOf(name, data),
    createDevice: (name, options) => createDevice(name as DeviceName, options),
    createLoader: (dataset, options) => new DataLoader(dataset, options),
    readWeights: async (file) => {
      throw new UsageError(`a tab cannot read ${file}`, { hint: 'Begin with weights of a file on the command line.' });
    },
  };
}

/** @throws UsageError for what is not in the catalog: a tab sees no folders */
function sourceOf(name: string, data: TabData | undefined): DataSource {
  const { classes, imageShape, mean, std, splits } = describeDataset(name);
  return {
    name,
    catalogName: name,
    classes,
    imageShape,
    multiLabel: false,
    images: { train: splits.train.length, validation: 0, test: splits.test.length },
    notes: [],
    statistics: () => ({ mean, std }),
    open: async (split) => {
      if (split === 'validation') throw new UsageError(`${name} has no validation images of its own`);
      if (!data) throw new Error('the data was not loaded');
      return readData(data[split], `${name} ${split}`);
    },
  };
}

/** @throws ResiduaError where the file is damaged, or of another kind */
export function readData(file: Uint8Array, name: string): Dataset {
  const { tensors, metadata } = readSafetensors(file, name);
  const card = JSON.parse(metadata.get(DATA_TENSORS.card) ?? '{}');
  const [images, labels] = [tensors.get(DATA_TENSORS.images)?.data, tensors.get(DATA_TENSORS.labels)?.data];
  const isLabels = labels instanceof Uint8Array || labels instanceof Int32Array;
  if (!(images instanceof Uint8Array) || !isLabels || !card.classes || !card.imageShape) {
    throw new ResiduaError(`${name}: this is not a file of images and labels`);
  }
  return new ArrayDataset({ name, classes: card.classes, imageShape: card.imageShape, images, labels });
}
