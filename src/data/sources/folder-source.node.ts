// The data source of a folder of pictures: what its listing says, and what the headers of its files say. Headers are enough
// to know whether all images have one size and whether there are colours.

import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { HeaderCutShort, type ImageHeader, readImageHeader } from '../../formats/image-header.ts';
import type { Dataset, FilesDatasetOptions } from '../dataset.ts';
import { FilesDataset } from '../files-dataset.node.ts';
import type { InputShape } from '../image.ts';
import { readImageFile } from '../images/decode-image.node.ts';
import { type ListedImage, type Listing, mixed } from './listing.ts';
import { type DataSource, type OpenOptions, type SplitName, type Statistics, splitNames } from './source.ts';
import { measure } from './statistics.ts';

/** Bytes in which a header nearly always is. */
const BEGINNING = 65_536;

/** Up to this share, images of another size may well be there by mistake. */
const ODD_SHARE = 0.1;

export class FolderSource implements DataSource {
  readonly name: string;
  readonly classes: readonly string[];
  readonly multiLabel: boolean;
  readonly notes: readonly string[];
  readonly imageShape: InputShape;
  readonly images: DataSource['images'];
  /** Of the images at least and at most: [height, width]. */
  readonly smallest: readonly [number, number];
  readonly largest: readonly [number, number];
  readonly #listing: Listing;

  /** @throws ResiduaError that names a file that is no picture */
  constructor(listing: Listing) {
    this.#listing = listing;
    this.name = listing.root;
    this.classes = listing.classes;
    this.multiLabel = listing.multiLabel;
    const of = (split: SplitName) => listing.splits[split].length;
    this.images = { train: of('train'), validation: of('validation'), test: of('test') };
    const seen = new HeaderSummary();
    const buffer = new Uint8Array(BEGINNING);
    for (const { file } of splitNames.flatMap((split) => listing.splits[split])) {
      seen.add(file, readHeader(join(listing.root, file), buffer));
    }
    this.notes = [...listing.notes, ...seen.notes];
    this.imageShape = seen.imageShape;
    this.smallest = seen.smallest;
    this.largest = seen.largest;
  }

  /** Images of a class (or label) in a split. */
  countOf(split: SplitName, label: number): number {
    return this.#listing.splits[split].filter(({ labels }) => labels.includes(label)).length;
  }

  /** Paths of the files of a split, in the order of the data set. */
  async open(split: SplitName, { channels = this.imageShape[0] }: OpenOptions = {}): Promise<Dataset> {
    return this.#open(split, channels);
  }

  statistics(): Statistics {
    return measure(this.#open('train', this.imageShape[0]));
  }

  #open(split: SplitName, channels: number): FilesDataset {
    const { root, classes, multiLabel, splits } = this.#listing;
    const images = mixed(splits[split]);
    if (images.length === 0) {
      throw new ResiduaError(`${root} has no ${split} images`, { hint: 'Add some, or name another folder.' });
    }
    const options: FilesDatasetOptions = {
      name: `${root} ${split}`,
      classes,
      imageShape: [channels, this.imageShape[1], this.imageShape[2]],
      root,
      files: images.map(({ file }) => file),
      labels: multiLabel ? labelMatrix(images, classes.length) : Int32Array.from(images, ({ labels }) => labels[0]),
      multiLabel,
    };
    return new FilesDataset(options);
  }
}

function labelMatrix(images: readonly ListedImage[], classes: number): Uint8Array {
  const matrix = new Uint8Array(images.length * classes);
  for (const [i, { labels }] of images.entries()) for (const label of labels) matrix[i * classes + label] = 1;
  return matrix;
}

class HeaderSummary {
  #grey = true;
  readonly #heights = { least: Infinity, most: 0 };
  readonly #widths = { least: Infinity, most: 0 };
  /** Images of each size, and the first of them. */
  readonly #sizes = new Map<string, { count: number; readonly first: string }>();

  add(file: string, { width, height, grey }: ImageHeader): void {
    this.#grey &&= grey;
    const size = `${height}x${width}`;
    const known = this.#sizes.get(size);
    if (known) known.count++;
    else this.#sizes.set(size, { count: 1, first: file });
    for (const [range, value] of [
      [this.#heights, height],
      [this.#widths, width],
    ] as const) {
      range.least = Math.min(range.least, value);
      range.most = Math.max(range.most, value);
    }
  }

  get smallest(): readonly [number, number] {
    return [this.#heights.least, this.#widths.least];
  }

  get largest(): readonly [number, number] {
    return [this.#heights.most, this.#widths.most];
  }

  /** Of few images whose size is not that of the others: for them all are resized. */
  get notes(): string[] {
    const [usual, ...others] = [...this.#sizes].sort(([, a], [, b]) => b.count - a.count);
    const odd = others.reduce((sum, [, { count }]) => sum + count, 0);
    if (odd === 0 || odd > ODD_SHARE * (odd + usual[1].count)) return [];
    const [size, { first }] = others[0];
    const which = `${odd} of ${odd + usual[1].count} images ${odd === 1 ? 'has' : 'have'} another size`;
    return [
      `${which} than the other ones (${first} is ${size}, not ${usual[0]}), so all are resized; take ${odd === 1 ? 'it' : 'them'} away if that is a mistake.`,
    ];
  }

  get imageShape(): InputShape {
    const channels = this.#grey ? 1 : 3;
    const same = this.smallest.join() === this.largest.join();
    return same ? [channels, ...this.largest] : [channels, null, null];
  }
}

function readHeader(path: string, buffer: Uint8Array): ImageHeader {
  let length: number;
  try {
    const file = openSync(path, 'r');
    try {
      length = readSync(file, buffer, 0, BEGINNING, 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new ResiduaError(`cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Make the file readable, or remove it.',
      cause: error,
    });
  }
  try {
    return readImageHeader(buffer.subarray(0, length), path);
  } catch (error) {
    if (!(error instanceof HeaderCutShort) || length < BEGINNING) throw error;
    return readImageHeader(readImageFile(path), path);
  }
}
