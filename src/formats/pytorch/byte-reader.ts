// A place in a block of bytes that moves on with each read. Reads beyond the end are errors of the file, not of the reader.

import type { ResiduaError } from '../../errors.ts';

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: (message: string) => ResiduaError;
  /** The next byte to be read. */
  position: number;

  /** @param fail makes the error of a file that ends too early */
  constructor(bytes: Uint8Array, fail: (message: string) => ResiduaError, position = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
    this.position = position;
  }

  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  /** A view of the next bytes, not a copy. */
  take(length: number): Uint8Array {
    const begin = this.#advance(length);
    return this.#bytes.subarray(begin, begin + length);
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)];
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Exact up to 2^53, and beyond that more than any file has. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  float64(options: { littleEndian: boolean }): number {
    return this.#view.getFloat64(this.#advance(8), options.littleEndian);
  }

  /** Up to the next line break, which is skipped. */
  line(): Uint8Array {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.#fail('it is cut short: a line without an end');
    const line = this.take(end - this.position);
    this.position++;
    return line;
  }

  #advance(length: number): number {
    if (length > this.remaining) {
      throw this.#fail(
        `it is cut short: ${length} bytes are expected at byte ${this.position}, ${this.remaining} follow`,
      );
    }
    const begin = this.position;
    this.position += length;
    return begin;
  }
}
