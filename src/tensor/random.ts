// Random numbers from a counter: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). There is no state to save: a number is a pure function of (seed, purpose, epoch, index, position),
// so the same numbers come out in any order of use, on any thread, and after a resume. Not for cryptography.
//
//   key      seed (low 32 bits)    | purpose << 21 + seed (high 21 bits)
//   counter  block within a stream | index | epoch | 0          each block gives four words of 32 bits

import { UsageError } from '../errors.ts';
import { cos, log, sin } from './elementary.ts';

/** What the numbers are for. Streams of different purposes never overlap; the order here is part of every result. */
const purposes = ['initialise', 'shuffle', 'augment', 'dropout', 'split', 'mix'] as const;
export type Purpose = (typeof purposes)[number];

export interface StreamName {
  /** Any integer from 0 to 2^53 - 1. */
  readonly seed: number;
  readonly purpose: Purpose;
  /** 0 to 2^32 - 1; 0 where there are no epochs. */
  readonly epoch?: number;
  /** Which of many equal things: an image, a parameter. 0 to 2^32 - 1. */
  readonly index?: number;
}

const WORD = 2 ** 32;
export const MULTIPLIER_0 = 0xd2511f53;
export const MULTIPLIER_1 = 0xcd9e8d57;
/** The Weyl increments: the golden ratio and sqrt(3) - 1, times 2^32. */
export const WEYL_0 = 0x9e3779b9;
export const WEYL_1 = 0xbb67ae85;
export const ROUNDS = 10;

export type Words4 = readonly [number, number, number, number];

/**
 * One block: four unsigned 32-bit words from a counter of four words and a key of two.
 * @param out receives the words; a new array when left out
 */
export function philox4x32(
  counter: Words4,
  key: readonly [number, number],
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  return philoxInto(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
}

function philoxInto(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): Uint32Array {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** The upper 32 bits of the product of two unsigned 32-bit words, by halves of 16 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle1 = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16);
  const middle2 = Math.imul(aLow, bHigh) + (middle1 & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle1 >>> 16) + (middle2 >>> 16)) | 0;
}

/** The numbers of one (seed, purpose, epoch, index), in order; 2^34 words before it repeats. */
export class RandomStream {
  readonly #seed: number;
  readonly #purpose: Purpose;
  readonly #keyLow: number;
  readonly #keyHigh: number;
  #epoch = 0;
  #index = 0;
  #block = 0;
  #used = 4;
  readonly #words = new Uint32Array(4);
  #spareNormal: number | undefined;

  constructor({ seed, purpose, epoch = 0, index = 0 }: StreamName) {
    checkSeed(seed);
    this.#seed = seed;
    this.#purpose = purpose;
    this.#keyLow = (seed % WORD) | 0;
    this.#keyHigh = (purposes.indexOf(purpose) << 21) | Math.floor(seed / WORD);
    this.at(epoch, index);
  }

  /** Moves to the beginning of another stream of the same seed and purpose, without making an object. */
  at(epoch: number, index: number): this {
    this.#epoch = word('epoch', epoch);
    this.#index = word('index', index);
    this.#block = 0;
    this.#used = 4;
    this.#spareNormal = undefined;
    return this;
  }

  /**
   * A stream of its own that begins where this one is; this one goes on behind the `words` words that are left to it. So
   * numbers can be drawn later, or never, without changing those that follow.
   */
  fork(words: number): RandomStream {
    const [seed, purpose, epoch, index] = [this.#seed, this.#purpose, this.#epoch, this.#index];
    const twin = new RandomStream({ seed, purpose, epoch, index });
    twin.#moveTo(this.#position);
    this.#moveTo(this.#position + words);
    return twin;
  }

  /** Words drawn so far. */
  get #position(): number {
    return 4 * this.#block - (4 - this.#used);
  }

  #moveTo(position: number): void {
    this.#block = Math.floor(position / 4);
    this.#used = 4;
    this.#spareNormal = undefined;
    for (let word = 4 * this.#block; word < position; word++) this.uint32();
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    if (this.#used === 4) {
      philoxInto(this.#words, this.#block++, this.#index, this.#epoch, 0, this.#keyLow, this.#keyHigh);
      this.#used = 0;
    }
    return this.#words[this.#used++];
  }

  /** A multiple of 2^-24 in [0, 1): exact in float32. */
  uniform(): number {
    return (this.uint32() >>> 8) * 2 ** -24;
  }

  /** An integer in [0, n), each equally likely (words of the incomplete last group of n are drawn again). */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > WORD) throw new RangeError(`integer(n) needs 1 <= n <= 2^32, found ${n}`);
    const limit = WORD - (WORD % n);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return drawn % n;
  }

  /** From the standard normal distribution, by Box and Muller (1958); at most 6.7 in size. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * log((this.uint32() + 1) / WORD));
    const angle = (2 * Math.PI * this.uint32()) / WORD;
    this.#spareNormal = radius * sin(angle);
    return radius * cos(angle);
  }
}

export function randomStream(name: StreamName): RandomStream {
  return new RandomStream(name);
}

/**
 * The numbers 0 to n - 1 in random order, by Fisher and Yates.
 * @param out receives them; a new array when left out
 */
export function permutation(n: number, stream: RandomStream, out: Uint32Array = new Uint32Array(n)): Uint32Array {
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    const moved = out[i];
    out[i] = out[j];
    out[j] = moved;
  }
  return out;
}

/** @throws UsageError unless the seed is an integer from 0 to 2^53 - 1 */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`seed must be an integer from 0 to 2^53 - 1, found ${seed}`);
  }
}

function word(what: string, value: number): number {
  if (value >>> 0 !== value) throw new RangeError(`${what} must be an integer from 0 to 2^32 - 1, found ${value}`);
  return value;
}
