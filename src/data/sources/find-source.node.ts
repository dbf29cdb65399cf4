// What a name or a folder stands for. A name is one of the catalog. A folder is looked into: the files of MNIST, Fashion-MNIST
// or CIFAR, a table of labels, or folders of pictures.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ResiduaError, UsageError } from '../../errors.ts';
import { isFolder } from '../../files/is-folder.node.ts';
import { type DatasetDescription, splits } from '../catalog/description.ts';
import { catalog, describeDataset } from '../catalog.ts';
import { loadDataset } from '../load-dataset.node.ts';
import { findFile, locateSplit } from '../locate.node.ts';
import { FolderSource } from './folder-source.node.ts';
import { hasFolders, listImageFolder } from './image-folder.node.ts';
import { hasLabelTable, listLabelTable } from './label-table.node.ts';
import type { DataSource } from './source.ts';

/** @throws UsageError for what is neither a name nor a folder, ResiduaError for a folder with nothing to train on */
export function findSource(nameOrFolder: string): DataSource {
  const known = catalog.find(({ name }) => name === nameOrFolder);
  if (known) return catalogSource(known);
  if (!isFolder(nameOrFolder)) return catalogSource(describeDataset(nameOrFolder));
  const directory = resolve(nameOrFolder);
  const description = describeFiles(directory);
  if (description) return catalogSource(description, directory);
  if (hasLabelTable(directory)) return new FolderSource(listLabelTable(directory));
  if (hasFolders(directory)) return new FolderSource(listImageFolder(directory));
  throw new ResiduaError(`${directory} has nothing to train on`, {
    hint:
      'Expected pictures as train/CLASS/*.png and test/CLASS/*.png, or as CLASS/*.png; a labels.csv; ' +
      'or the files of MNIST, Fashion-MNIST, CIFAR-10 or CIFAR-100.',
  });
}

/** @param directory where to look, and nowhere else; the usual places when left out */
export function catalogSource(description: DatasetDescription, directory?: string): DataSource {
  const { name, classes, imageShape, mean, std } = description;
  return {
    name: directory ?? name,
    catalogName: name,
    classes,
    imageShape,
    multiLabel: false,
    images: { train: description.splits.train.length, validation: 0, test: description.splits.test.length },
    notes: [],
    open: async (split, { onProgress } = {}) => {
      if (split === 'validation') throw new UsageError(`${name} has no validation images of its own`);
      return loadDataset(description, { split, directory, onProgress });
    },
    statistics: () => ({ mean, std }),
  };
}

/** The entry of the catalog whose files lie in a folder, some of them at least: what is missing is found out later. */
export function describeFiles(directory: string): DatasetDescription | undefined {
  const present = (description: DatasetDescription) =>
    splits.some((split) => {
      const some = description.splits[split].files.some((file) => findFile(directory, file) !== undefined);
      return some || locateSplit(description, split, [directory]) !== undefined;
    });
  const found = catalog.filter(present);
  return found.find((description) => isExactly(description, directory)) ?? found[0];
}

/** MNIST's and Fashion-MNIST's files have the same names and sizes: their smallest one tells them apart. */
function isExactly(description: DatasetDescription, directory: string): boolean {
  const file = description.splits.test.files.at(-1)!;
  const path = findFile(directory, file);
  if (file.md5 === undefined || path === undefined) return false;
  try {
    const bytes = readFileSync(path);
    const content = path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: file.size }) : bytes;
    return createHash('md5').update(content).digest('hex') === file.md5;
  } catch {
    return false; // reading it in earnest says what is wrong
  }
}
