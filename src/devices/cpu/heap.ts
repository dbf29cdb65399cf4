// The one memory of a cpu device. Everything in it stays where it was put: variables, and the memory of each program. What is
// handed out is zero and has never been used.

import { ResiduaError } from '../../errors.ts';
import type { Values } from '../device.ts';
import { aligned } from './memory-plan.ts';

const pageBytes = 65_536;
/** The most that 32-bit addresses reach: 4 GiB. */
export const maximumPages = 65_536;
export const initialPages = 16;

export class Heap {
  readonly memory: WebAssembly.Memory;
  #end = 64;
  #floats = new Float32Array(0);
  #integers = new Int32Array(0);

  constructor(shared: boolean) {
    this.memory = reserve(shared);
  }

  /** The address of new memory, 64-byte aligned. */
  allocate(bytes: number, purpose: string): number {
    const start = this.#end;
    const end = start + aligned(bytes);
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes);
    const megabytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
    const fail = (limit: string, cause?: unknown) =>
      new ResiduaError(`${purpose} needs ${megabytes(bytes)}; with the ${megabytes(start)} in use that is ${limit}`, {
        hint: 'Use a smaller batch, smaller images or a smaller model.',
        cause,
      });
    if (end > maximumPages * pageBytes) throw fail('more than the 4096 MiB that WebAssembly can address');
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (error) {
        throw fail('more than this machine gives', error);
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
      if (maximum <= initialPages) throw new ResiduaError('this machine gives WebAssembly no memory', { cause });
      maximum /= 2;
    }
  }
}
