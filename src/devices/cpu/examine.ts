// Finds where in a run the first number came up that is not finite. The steps are done one by one, all by this thread, and
// what each stores is looked at; they are the program's own, so the numbers are those of a run, to the bit.
//
//   fed values, variables -> step 1 | look | step 2 | look | ...
//
// A pass computes several operations on each element and stores the last. Where that is not finite, the pass is computed
// again, for that element alone, to see which of them was the first.

import type { Item, Pass } from '../../compiler/fusion.ts';
import { arithmetic } from '../../compiler/rewrite.ts';
import type { Value } from '../../compiler/value.ts';
import { type Axis, axes } from '../../compiler/view.ts';
import { findNonFinite } from '../../tensor/finite.ts';
import type { NonFinite } from '../device.ts';
import { elementBytes, type Geometry, strideAlong } from './geometry.ts';
import type { Lowered } from './lower.ts';
import type { Buffer, Image, Step } from './step.ts';

export interface Examined {
  readonly lowered: Lowered;
  readonly steps: readonly { readonly step: Step; run(): void }[];
  /** The device's memory. */
  readonly memory: ArrayBufferLike;
  addressOf(buffer: Buffer): number;
}

/** Runs all steps, or those up to the one that gives the first number that is not finite. */
export function examineSteps({ lowered, steps, memory, addressOf }: Examined): NonFinite | undefined {
  const look = new Look(memory, addressOf, lowered);
  for (const { step, run } of steps) {
    const item = lowered.completes.get(step);
    if (item?.kind === 'pass') look.keep(item);
    run();
    const found = item && look.at(item);
    if (found) return found;
  }
  return undefined;
}

type Place = Readonly<Record<Axis, number>>;

class Look {
  readonly #memory: ArrayBufferLike;
  readonly #addressOf: (buffer: Buffer) => number;
  readonly #lowered: Lowered;
  /** What the step under way overwrites and reads. */
  readonly #before = new Map<Buffer, Float32Array>();

  constructor(memory: ArrayBufferLike, addressOf: (buffer: Buffer) => number, lowered: Lowered) {
    this.#memory = memory;
    this.#addressOf = addressOf;
    this.#lowered = lowered;
  }

  /** Variables are updated in their place: their old values are kept until the pass has been looked at. */
  keep(pass: Pass): void {
    this.#before.clear();
    if (this.#lowered.epilogues.has(pass)) return;
    const written = new Set(pass.roots.map((root) => this.#lowered.imageOf(root).buffer));
    for (const leaf of pass.leaves) {
      if (leaf.operation === 'constant') continue;
      const { buffer } = this.#lowered.imageOf(leaf);
      if (written.has(buffer)) this.#before.set(buffer, this.#floats(buffer).slice());
    }
  }

  at(item: Item): NonFinite | undefined {
    for (const value of item.kind === 'pass' ? item.roots : [item.value]) {
      if (value.dtype !== 'float32') continue;
      const image = this.#lowered.imageOf(value);
      const index = findNonFinite(this.#floats(image.buffer));
      if (index < 0) continue;
      const found = this.#floats(image.buffer)[index];
      if (item.kind === 'single') return { tensor: value.tensor, found };
      const convolution = this.#lowered.epilogues.get(item);
      // Its result is nowhere to be read; what a bias adds to it is small beside what float32 holds.
      if (convolution) return { tensor: convolution.tensor, found };
      return this.#within(item, placeIn(image.geometry, index)) ?? { tensor: value.tensor, found };
    }
    return item.kind === 'pass' ? this.#atSums(item) : undefined;
  }

  /** Sums of channels lie as float64, a row for each part. */
  #atSums(pass: Pass): NonFinite | undefined {
    for (const sum of pass.sums) {
      const { buffer } = this.#lowered.partialsOf(sum);
      const sums = new Float64Array(this.#memory, this.#addressOf(buffer), buffer.bytes / 8);
      const index = findNonFinite(sums);
      if (index < 0) continue;
      const { view } = sum.inputs[0];
      const c = index % (Math.ceil(view.c / 4) * 4);
      for (let n = 0; n < view.n; n++) {
        for (let h = 0; h < view.h; h++) {
          for (let w = 0; w < view.w; w++) {
            const found = this.#within(pass, { n, h, w, c });
            if (found) return found;
          }
        }
      }
      return { tensor: sum.tensor, found: sums[index] };
    }
    return undefined;
  }

  /** The first operation of the pass whose result is not finite at one element. */
  #within({ leaves, body }: Pass, place: Place): NonFinite | undefined {
    const numbers = new Map<Value, number>(leaves.map((leaf) => [leaf, this.#loaded(leaf, place)]));
    for (const value of body) {
      if (value.dtype === 'float32') {
        const [a, b] = value.inputs.map((input) => numbers.get(input)!);
        numbers.set(value, Math.fround(scalars[value.operation](a, b)));
      } else {
        numbers.set(value, 0);
      }
    }
    for (const [{ tensor }, found] of numbers) if (!Number.isFinite(found)) return { tensor, found };
    return undefined;
  }

  #loaded(leaf: Value, place: Place): number {
    if (leaf.dtype !== 'float32') return 0;
    if (leaf.operation === 'constant') return Math.fround(leaf.attributes.value as number);
    const { buffer, geometry }: Image = this.#lowered.imageOf(leaf);
    const numbers = this.#before.get(buffer) ?? this.#floats(buffer);
    return numbers[indexOf(geometry, place)];
  }

  #floats(buffer: Buffer): Float32Array {
    return new Float32Array(this.#memory, this.#addressOf(buffer), buffer.bytes / elementBytes);
  }
}

/** What a pass computes of an element, as plain arithmetic; what it depends on besides its inputs changes no finiteness. */
const scalars: Readonly<Record<string, (a: number, b: number) => number>> = {
  ...arithmetic,
  relu: (a) => Math.max(a, 0),
  reluGradient: (upstream, y) => (y > 0 ? upstream : 0),
  sqrt: Math.sqrt,
  exp: Math.exp,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  erf: Math.sign,
  broadcastTo: (a) => a,
  copy: (a) => a,
  dropoutMask: () => 1,
};

/** In elements from the buffer's start; an axis of one element is repeated. */
function indexOf(g: Geometry, place: Place): number {
  const strides = strideAlong(g);
  const offset = (axis: Axis) => (g[axis] === 1 ? 0 : place[axis] * strides[axis]);
  return axes.reduce((bytes, axis) => bytes + offset(axis), g.origin) / elementBytes;
}

function placeIn(g: Geometry, index: number): Place {
  const strides = strideAlong(g);
  let rest = index * elementBytes - g.origin;
  const place: Record<Axis, number> = { n: 0, h: 0, w: 0, c: 0 };
  for (const axis of axes) {
    place[axis] = Math.floor(rest / strides[axis]);
    rest -= place[axis] * strides[axis];
  }
  return place;
}
