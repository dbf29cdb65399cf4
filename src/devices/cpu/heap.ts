// The one memory of a cpu device. Everything in it stays where it was put: variables, and the memory of each program. What is
// handed out is zero and has never been used.

import { ResiduaError } from '../../errors.ts';
import type { Values } from '../device.ts';
import { OutOfMemoryError } from '../out-of-memory.ts';
import { aligned } from './memory-plan.ts';

const pageBytes = 65_536;
/** The most that 32-bit addresses reach: 4 GiB. */
export const maximumPages = 65_536;
export const initialPages = 16;

export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Of the last byte that may be handed out. */
  readonly #limit: number;
  #end = 64;
  #floats = new Float32Array(0);
  #integers = new Int32Array(0);

  /** @param available bytes that may be handed out in all, where that is known */
  constructor(shared: boolean, available = Number.POSITIVE_INFINITY) {
    this.memory = reserve(shared);
    this.#limit = Math.min(available, maximumPages * pageBytes);
  }

  /** Bytes that can still be handed out. */
  get available(): number {
    return Math.max(0, this.#limit - this.#end);
  }

  /** The address of new memory, 64-byte aligned. */
  allocate(bytes: number, purpose: string): number {
    const start = this.#end;
    const end = start + aligned(bytes);
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes);
    if (end > this.#limit) throw new OutOfMemoryError(purpose, { needed: aligned(bytes), available: this.available });
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (cause) {
        const available = this.memory.buffer.byteLength - start;
        throw new OutOfMemoryError(purpose, { needed: aligned(bytes), available }, { cause });
      }
    }
    this.#end = end;
    return start;
  }

  /** All of the memory, as numbers of that kind; to be asked for anew after each allocation. */
  numbers(dtype: 'float32' | 'int32'): Values {
    const { buffer } = this.memory;
    if (this.#floats.byteLength !== buffer.byteLength || this.#floats.buffer !== buffer) {
      this.#floats = new Float32Array(buffer);
      this.#integers = new Int32Array(buffer);
    }
    return dtype === 'int32' ? this.#integers : this.#floats;
  }
}

/** Addresses for as much as there is: a machine with few of them may refuse the 4 GiB, and give less. */
function reserve(shared: boolean): WebAssembly.Memory {
  let maximum = maximumPages;
  for (;;) {
    try {
      return new WebAssembly.Memory({ initial: initialPages, maximum, shared });
    } catch (cause) {
      if (maximum <= initialPages) throw noMemory(cause);
      maximum /= 2;
    }
  }
}

/** Not even a little: an engine reserves gigabytes of addresses for each memory, whatever its size. */
export function noMemory(cause: unknown): ResiduaError {
  return new ResiduaError('this machine gives WebAssembly no memory', {
    hint: 'An engine wants about 10 GB of addresses for it, though no such memory: raise the limit (ulimit -v) to 14 GB.',
    cause,
  });
}
