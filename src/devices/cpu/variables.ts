// The variables of a cpu device. From the first program that uses it on, a variable lives in the device's memory, at a place that
// never changes and in a layout that is the same for all programs. Its value on the host is a copy, of when it was last read.

import { placesOf, viewOf } from '../../compiler/view.ts';
import type { Variable } from '../../tensor/tensor.ts';
import type { Values } from '../device.ts';
import { geometry } from './geometry.ts';
import type { Heap } from './heap.ts';
import type { Buffer, Image } from './step.ts';
import { gather, type Route, routeOf, scatter } from './transfer.ts';

interface Stored {
  readonly image: Image;
  readonly address: number;
  readonly route: Route;
}

export class StoredVariables {
  readonly #heap: Heap;
  readonly #stored = new Map<Variable, Stored>();
  readonly #addresses = new Map<Buffer, number>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Those of all variables that have a place. */
  get buffers(): Iterable<Buffer> {
    return this.#addresses.keys();
  }

  /** undefined for what is no variable's buffer. */
  addressOf(buffer: Buffer): number | undefined {
    return this.#addresses.get(buffer);
  }

  /** undefined where it has no place yet. */
  find(variable: Variable): Image | undefined {
    return this.#stored.get(variable)?.image;
  }

  /** Gives it a place, with its value, unless it has one. */
  place(variable: Variable): Image {
    return this.#place(variable).image;
  }

  /** Brings its value to the host; where it has no place, it is there. */
  read(variable: Variable): Values {
    const stored = this.#stored.get(variable);
    if (stored) {
      const values = variable.dtype === 'int32' ? new Int32Array(variable.size) : new Float32Array(variable.size);
      gather(values, this.#heap.numbers(variable.dtype), stored.address / 4, stored.route);
      variable.value = values;
    }
    return variable.value;
  }

  /** @param values as many as the variable has */
  write(variable: Variable, values: Values): void {
    variable.value = values.slice();
    const { address, route } = this.#place(variable);
    scatter(values, this.#heap.numbers(variable.dtype), address / 4, route);
  }

  clear(): void {
    this.#stored.clear();
    this.#addresses.clear();
  }

  #place(variable: Variable): Stored {
    const known = this.#stored.get(variable);
    if (known) return known;
    const image = imageOfVariable(variable);
    const route = routeOf(placesOf(variable.shape, layoutOfVariable(variable)), image.geometry);
    const stored = { image, address: this.#heap.allocate(image.buffer.bytes, 'a variable'), route };
    this.#stored.set(variable, stored);
    this.#addresses.set(image.buffer, stored.address);
    scatter(variable.value, this.#heap.numbers(variable.dtype), stored.address / 4, route);
    return stored;
  }
}

/** The same in every program: see compiler/layouts.ts. */
const layoutOfVariable = ({ rank }: Variable) => (rank === 4 ? 'weight' : 'image');

export function imageOfVariable(variable: Variable): Image {
  const g = geometry(viewOf(variable.shape, layoutOfVariable(variable)));
  return { buffer: { name: `variable.${variable.id}`, bytes: g.bytes }, geometry: g };
}
