// Weights and images that nobody has to store: the formula of torchvision.json (its `about`), by which PyTorch's side filled
// the networks of torchvision.json and zoo.json.

import type { Module, StateEntry } from '../../src/nn/index.ts';
import type { Shape } from '../../src/tensor/index.ts';
import { sizeOf } from '../../src/tensor/shape.ts';

/** u(j) = fmix32(j * 0x9E3779B9 + seed) / 2^32 for j = 0, 1, 2, ...; fmix32 is murmur3's finaliser. */
class Counter {
  #j = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(): number {
    let h = (Math.imul(this.#j++, 0x9e3779b9) + this.#seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
  }

  fill(shape: Shape, f: (u: number) => number): Float32Array {
    const values = new Float32Array(sizeOf(shape));
    for (let i = 0; i < values.length; i++) values[i] = f(this.next());
    return values;
  }
}

/** Sets the model's weights and statistics, and gives the images that belong to them. */
export function fillByFormula(model: Module, seed: number, imageShape: Shape): Float32Array {
  const counter = new Counter(seed);
  const entries = new Map<string, StateEntry>();
  for (const [name, { shape }] of model.stateDict()) {
    const data = name.endsWith('num_batches_tracked') ? [0] : counter.fill(shape, rule(name, shape));
    entries.set(name, { shape, data });
  }
  model.loadStateDict(entries);
  return counter.fill(imageShape, (u) => 2 * u - 1);
}

function rule(name: string, shape: Shape): (u: number) => number {
  if (shape.length > 1) {
    const bound = Math.sqrt(6 / sizeOf(shape.slice(1)));
    return (u) => (2 * u - 1) * bound;
  }
  if (name === 'fc.bias') return (u) => (2 * u - 1) * 0.1;
  if (name.endsWith('weight') || name.endsWith('running_var')) return (u) => 0.5 + u;
  return (u) => (2 * u - 1) * 0.2;
}
