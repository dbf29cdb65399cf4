// Images that are in the training set and in the test (or validation) set too, pixel by pixel: what is measured on them is
// memory, not understanding. The images that are measured on go into a table by a hash of their bytes, then every training
// image is looked up there; equal hashes are compared byte by byte, so that nothing is reported that is not so.
//
// Time is bounded. Images in memory are all compared up to 512 MiB (60,000 + 10,000 of MNIST are 55 MB). Images in files have
// to be decoded: a copy of a file is as long as the file, so those go first whose length is found on the other side, too.

import type { Dataset, Image } from '../../data/index.ts';
import { count, percent } from '../../format.ts';
import { type Check, listed, type PreflightWarning } from './situation.ts';

/** What is compared at most, of both sides together. */
interface Budget {
  readonly images: number;
  /** Of pixels. */
  readonly bytes: number;
}

const IN_MEMORY: Budget = { images: 2 ** 21, bytes: 2 ** 29 };
const IN_FILES: Budget = { images: 2000, bytes: 2 ** 25 };

export const duplicates: Check = ({ train, validation, test }) => [
  ...check(train, test, 'test'),
  ...(validation ? check(train, validation, 'validation') : []),
];

function check(train: Dataset, measured: Dataset, set: 'test' | 'validation'): PreflightWarning[] {
  const { pairs, examined } = findDuplicates(train, measured, train.costly || measured.costly ? IN_FILES : IN_MEMORY);
  if (pairs.length === 0) return [];
  const share = pairs.length / examined;
  const others = pairs.filter(([i, j]) => labelKey(train, i) !== labelKey(measured, j)).length;
  const examples = pairs
    .slice(0, 3)
    .map(([i, j]) => `${train.fileOf?.(i) ?? `training image ${i}`} is ${measured.fileOf?.(j) ?? `${set} image ${j}`}`);
  const compared =
    examined < measured.length ? `${count(examined)} ${set} images compared` : `${count(examined)} ${set} images`;
  const labelled =
    others === 0 ? '' : ` ${count(others)} of them ${others === 1 ? 'has' : 'have'} another label there.`;
  return [
    {
      check: 'duplicate-image',
      message: `${count(pairs.length)} of ${compared} (${percent(share)}) ${pairs.length === 1 ? 'is' : 'are'} in the training set, too: ${listed(examples)}.${labelled}`,
      reason: `The network may know them by heart: the ${set} accuracy can come out ${percent(share)} too high.`,
      advice: `Take them out of the training set or out of the ${set} set.`,
    },
  ];
}

export interface Duplicates {
  /** [training index, measured index]; each measured image once at most. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Measured images that were compared. */
  readonly examined: number;
}

export function findDuplicates(train: Dataset, measured: Dataset, budget: Budget): Duplicates {
  const [trainOrder, measuredOrder] = ordersOf(train, measured);
  const half = { images: Math.floor(budget.images / 2), bytes: budget.bytes / 2 };
  const table = new Map<number, number[]>();
  const hash = new ImageHash();
  const first = visit(measured, measuredOrder, half, (index, image) => {
    const key = hash.of(image);
    const known = table.get(key);
    if (known) known.push(index);
    else table.set(key, [index]);
  });
  const pairs: [number, number][] = [];
  const rest = { images: budget.images - first.images, bytes: budget.bytes - first.bytes };
  visit(train, trainOrder, rest, (index, image) => {
    const key = hash.of(image);
    const candidates = table.get(key);
    if (candidates === undefined) return;
    const others = candidates.filter((candidate) => {
      if (!sameImage(image, measured.get(candidate).image)) return true;
      pairs.push([index, candidate]);
      return false;
    });
    table.set(key, others);
  });
  return { pairs, examined: first.images };
}

/** Visits images until the budget is used up. @returns what was used */
function visit(
  dataset: Dataset,
  order: Iterable<number>,
  budget: Budget,
  act: (index: number, image: Image) => void,
): Budget {
  let [images, bytes] = [0, 0];
  for (const index of order) {
    if (images >= budget.images || bytes >= budget.bytes) break;
    const { image } = dataset.get(index);
    images++;
    bytes += image.data.length;
    act(index, image);
  }
  return { images, bytes };
}

/** All indices of both, those first whose files are as long as one on the other side. */
function ordersOf(a: Dataset, b: Dataset): [Iterable<number>, Iterable<number>] {
  const lengths = [a, b].map((dataset) => {
    return dataset.fileBytes && Array.from({ length: dataset.length }, (_, i) => dataset.fileBytes?.(i) ?? 0);
  });
  const [ofA, ofB] = lengths;
  if (!ofA || !ofB) return [Array.from({ length: a.length }).keys(), Array.from({ length: b.length }).keys()];
  return [sharedFirst(ofA, new Set(ofB)), sharedFirst(ofB, new Set(ofA))];
}

function sharedFirst(lengths: readonly number[], others: ReadonlySet<number>): number[] {
  const all = [...lengths.keys()];
  return [...all.filter((i) => others.has(lengths[i])), ...all.filter((i) => !others.has(lengths[i]))];
}

/** 32 bits of an image's size and pixels, four bytes at a time: a multiplication spreads them, a shift brings them down. */
class ImageHash {
  #bytes = new Uint8Array(4);
  #words = new Int32Array(this.#bytes.buffer);

  of({ width, height, data }: Image): number {
    const words = Math.ceil(data.length / 4);
    if (this.#words.length < words) {
      this.#words = new Int32Array(words);
      this.#bytes = new Uint8Array(this.#words.buffer);
    }
    // Copied, since an image may begin anywhere in its data set, and a word may not.
    this.#bytes.fill(0, data.length, 4 * words);
    this.#bytes.set(data);
    const list = this.#words;
    let hash = Math.imul(width, 0x01000193) ^ height;
    for (let i = 0; i < words; i++) {
      hash = Math.imul(hash ^ list[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}

function sameImage(a: Image, b: Image): boolean {
  return a.width === b.width && a.height === b.height && a.data.every((value, i) => value === b.data[i]);
}

function labelKey(dataset: Dataset, index: number): string {
  const { label, labels } = dataset.labelOf?.(index) ?? dataset.get(index);
  return labels === undefined ? String(label) : Array.from(labels).join();
}
