// A data set: a fixed list of labelled images. ArrayDataset keeps all of them, of one size, in one array of bytes (MNIST,
// CIFAR); Subset is a part of another data set; images that stay in files are in files-dataset.node.ts. All of them can be
// handed to a worker thread without copying the images.

import { ResiduaError, UsageError } from '../errors.ts';
import type { Image, ImageShape, InputShape } from './image.ts';

/** What an image is. */
export interface Labelling {
  /** 0 to classes.length - 1; -1 in a multi-label data set. */
  readonly label: number;
  /** Multi-label data sets only: 1 for each class that the image has, 0 for the others [classes]. */
  readonly labels?: ArrayLike<number>;
}

export interface Example extends Labelling {
  readonly image: Image;
}

export interface Dataset {
  /** What to call it in messages, such as 'mnist train'. */
  readonly name: string;
  readonly length: number;
  readonly classes: readonly string[];
  /** Whether an image has any number of classes, instead of exactly one. */
  readonly multiLabel?: boolean;
  /** [channels, height, width] of every image; height and width are null where images differ in size. */
  readonly imageShape: InputShape;
  /** Whether an image is read and decoded anew each time: whoever needs it again does well to keep it. */
  readonly costly?: boolean;
  /** @param index 0 to length - 1; the image may be a view of the data set's memory: don't write to it */
  get(index: number): Example;
  /** What the image is, without the image; `get` tells it too, where this is left out. */
  labelOf?(index: number): Labelling;
  /** The file of an image, from the data set's folder; undefined where images have no files of their own. */
  fileOf?(index: number): string | undefined;
  /** How long that file is. */
  fileBytes?(index: number): number | undefined;
  /** What makes the same data set in another thread; undefined where that would copy the images. */
  share?(): SharedDataset | undefined;
}

export interface ArrayDatasetOptions {
  readonly name: string;
  readonly classes: readonly string[];
  readonly imageShape: ImageShape;
  /** Bytes [N, H, W, C]. */
  readonly images: Uint8Array;
  /** Classes [N]; or, with several labels an image, 1 or 0 for each class [N, classes]. */
  readonly labels: Uint8Array | Int32Array;
  /** Whether an image has any number of classes; false by default. */
  readonly multiLabel?: boolean;
}

export class ArrayDataset implements Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly imageShape: ImageShape;
  readonly multiLabel: boolean;
  readonly length: number;
  /** In shared memory where the platform has it; copied from the options unless they were shared already. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array | Int32Array;

  /** @throws ResiduaError when the images and labels differ in number, or a label is no class */
  constructor({ name, classes, imageShape, images, labels, multiLabel = false }: ArrayDatasetOptions) {
    const [channels, height, width] = imageShape;
    const size = channels * height * width;
    const length = multiLabel ? labels.length / classes.length : labels.length;
    if (images.length !== length * size) {
      const count = images.length / size;
      throw new ResiduaError(
        `${name}: found ${Number.isInteger(count) ? count : count.toFixed(2)} images of ${size} bytes ([${imageShape.join(', ')}]), but ${length} labels`,
        { hint: 'Images and labels must come from the same split of the same data set.' },
      );
    }
    const most = multiLabel ? 2 : classes.length;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= most) {
        const image = multiLabel ? Math.floor(i / classes.length) : i;
        throw new ResiduaError(`${name}: label ${labels[i]} of image ${image} is not from 0 to ${most - 1}`, {
          hint: `The data set has ${classes.length} classes: ${classes.join(', ')}.`,
        });
      }
    }
    this.name = name;
    this.classes = classes;
    this.imageShape = imageShape;
    this.length = length;
    this.multiLabel = multiLabel;
    this.images = shared(images);
    this.labels = shared(labels);
  }

  get(index: number): Example {
    checkIndex(this, index);
    const [channels, height, width] = this.imageShape;
    const size = channels * height * width;
    const data = this.images.subarray(index * size, (index + 1) * size);
    return { image: { channels, height, width, data }, ...labelsAt(this, this.labels, index) };
  }

  labelOf(index: number): Labelling {
    checkIndex(this, index);
    return labelsAt(this, this.labels, index);
  }

  share(): SharedDataset | undefined {
    if (!isShared(this.images)) return undefined;
    const { name, classes, imageShape, images, labels, multiLabel } = this;
    return { kind: 'array', name, classes, imageShape, images, labels, multiLabel };
  }
}

/** Some examples of another data set, in the order given. */
export class Subset implements Dataset {
  readonly dataset: Dataset;
  readonly indices: Uint32Array;
  readonly name: string;

  constructor(dataset: Dataset, indices: Uint32Array, name: string) {
    for (const index of indices) checkIndex(dataset, index);
    this.dataset = dataset;
    this.indices = indices;
    this.name = name;
  }

  get length(): number {
    return this.indices.length;
  }

  get classes(): readonly string[] {
    return this.dataset.classes;
  }

  get imageShape(): InputShape {
    return this.dataset.imageShape;
  }

  get multiLabel(): boolean | undefined {
    return this.dataset.multiLabel;
  }

  get costly(): boolean | undefined {
    return this.dataset.costly;
  }

  get(index: number): Example {
    checkIndex(this, index);
    return this.dataset.get(this.indices[index]);
  }

  labelOf(index: number): Labelling {
    checkIndex(this, index);
    return this.dataset.labelOf?.(this.indices[index]) ?? this.dataset.get(this.indices[index]);
  }

  fileOf(index: number): string | undefined {
    checkIndex(this, index);
    return this.dataset.fileOf?.(this.indices[index]);
  }

  fileBytes(index: number): number | undefined {
    checkIndex(this, index);
    return this.dataset.fileBytes?.(this.indices[index]);
  }

  share(): SharedDataset | undefined {
    const { indices, name } = this;
    const inner = this.dataset.share?.();
    return inner && { kind: 'subset', dataset: inner, indices, name };
  }
}

/** The examples of `dataset` at these indices, in this order; an index may stand twice. */
export function subset(dataset: Dataset, indices: Iterable<number>): Subset {
  const list = Uint32Array.from(indices, (index) => {
    checkIndex(dataset, index);
    return index;
  });
  return new Subset(dataset, shared(list), `${dataset.name} (${list.length} of ${dataset.length})`);
}

/** The first n examples of `dataset`, or all when it has fewer: what --limit does. */
export function take(dataset: Dataset, n: number): Dataset {
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`the number of examples must be an integer >= 1, found ${n}`);
  return n >= dataset.length ? dataset : subset(dataset, Array.from({ length: n }).keys());
}

/** What describes a data set to another thread: structured clone shares the images instead of copying them. */
export type SharedDataset =
  | ({ readonly kind: 'array' } & ArrayDatasetOptions)
  | ({ readonly kind: 'files' } & FilesDatasetOptions)
  | { readonly kind: 'subset'; readonly dataset: SharedDataset; readonly indices: Uint32Array; readonly name: string };

/** Of images in files: all that is known without opening them. */
export interface FilesDatasetOptions {
  readonly name: string;
  readonly classes: readonly string[];
  readonly imageShape: InputShape;
  /** The folder that the files are in. */
  readonly root: string;
  /** Paths from there [N]. */
  readonly files: readonly string[];
  /** Classes [N]; or, with several labels an image, 1 or 0 for each class [N, classes]. */
  readonly labels: Int32Array | Uint8Array;
  readonly multiLabel: boolean;
}

/** @param openFiles makes a data set of files; only where files can be read */
export function fromShared(message: SharedDataset, openFiles?: (options: FilesDatasetOptions) => Dataset): Dataset {
  if (message.kind === 'array') return new ArrayDataset(message);
  if (message.kind === 'subset') {
    return new Subset(fromShared(message.dataset, openFiles), message.indices, message.name);
  }
  if (openFiles === undefined) throw new Error(`${message.name}: files cannot be read here`);
  return openFiles(message);
}

/** An example's part of the labels of a data set, [N] or [N, classes]. */
export function labelsAt({ classes, multiLabel }: Dataset, labels: Uint8Array | Int32Array, index: number): Labelling {
  if (!multiLabel) return { label: labels[index] };
  return { label: -1, labels: labels.subarray(index * classes.length, (index + 1) * classes.length) };
}

/** @throws RangeError unless the data set has such an index */
export function checkIndex(dataset: Dataset, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= dataset.length) {
    throw new RangeError(`${dataset.name} has the indices 0 to ${dataset.length - 1}, found ${index}`);
  }
}

/** Without cross-origin isolation a browser has no SharedArrayBuffer; everything but prefetching works there. */
function shared<T extends Uint8Array | Int32Array | Uint32Array>(array: T): T {
  if (typeof SharedArrayBuffer === 'undefined' || isShared(array)) return array;
  const memory = new SharedArrayBuffer(array.byteLength);
  // Not array.constructor: that may be Node's Buffer.
  const copy =
    array instanceof Int32Array
      ? new Int32Array(memory)
      : array instanceof Uint32Array
        ? new Uint32Array(memory)
        : new Uint8Array(memory);
  copy.set(array);
  return copy as T;
}

function isShared(array: Uint8Array | Int32Array | Uint32Array): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer;
}
