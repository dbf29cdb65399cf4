// A data set whose images stay in their files: each is read and decoded when it is asked for. Nothing is kept here; the
// loader keeps what is worth keeping (image-cache.ts).

import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkIndex,
  type Dataset,
  type Example,
  type FilesDatasetOptions,
  type Labelling,
  labelsAt,
  type SharedDataset,
} from './dataset.ts';
import type { InputShape } from './image.ts';
import { type Channels, readImage } from './images/decode-image.node.ts';

export class FilesDataset implements Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly imageShape: InputShape;
  readonly multiLabel: boolean;
  readonly costly = true;
  readonly length: number;
  readonly files: readonly string[];
  readonly #options: FilesDatasetOptions;

  constructor(options: FilesDatasetOptions) {
    this.#options = options;
    this.name = options.name;
    this.classes = options.classes;
    this.imageShape = options.imageShape;
    this.multiLabel = options.multiLabel;
    this.files = options.files;
    this.length = options.files.length;
  }

  /** @throws ResiduaError that names the file when it cannot be read or decoded */
  get(index: number): Example {
    checkIndex(this, index);
    const image = readImage(this.pathOf(index), this.imageShape[0] as Channels);
    return { image, ...labelsAt(this, this.#options.labels, index) };
  }

  labelOf(index: number): Labelling {
    checkIndex(this, index);
    return labelsAt(this, this.#options.labels, index);
  }

  pathOf(index: number): string {
    return join(this.#options.root, this.files[index]);
  }

  fileOf(index: number): string {
    checkIndex(this, index);
    return this.files[index];
  }

  fileBytes(index: number): number | undefined {
    checkIndex(this, index);
    return statSync(this.pathOf(index), { throwIfNoEntry: false })?.size;
  }

  share(): SharedDataset {
    return { kind: 'files', ...this.#options };
  }
}
