// IDX, the format of MNIST and its successors (LeCun, Cortes, Burges): two zero bytes, a code for the element type, the
// number of dimensions, each dimension as a big-endian 32-bit integer, then the elements, the last index running
// fastest. Only unsigned bytes are read here, as images [N, H, W] or labels [N]; decompression is the caller's.

import { ResiduaError } from '../errors.ts';

export interface IdxArray {
  readonly shape: readonly number[];
  /** A view of the file's bytes, not a copy. */
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const typeNames: Readonly<Record<number, string>> = {
  8: 'unsigned byte',
  9: 'signed byte',
  11: '16-bit integer',
  12: '32-bit integer',
  13: 'float32',
  14: 'float64',
};

/**
 * @param bytes the whole file
 * @param source how to call the file in errors, such as its path
 * @param rank 1 for labels, 3 for images [N, H, W]
 * @throws ResiduaError when the bytes are no IDX file of this type and rank, or are too few or too many
 */
export function readIdx(bytes: Uint8Array, source: string, rank: 1 | 3): IdxArray {
  const fail = (message: string, hint = 'The file is damaged or is something else: get it again.') =>
    new ResiduaError(`${source}: ${message}`, { hint });
  const headerSize = 4 + 4 * rank;
  if (bytes.length < 4) throw fail(`an IDX file has at least 4 bytes, found ${bytes.length}`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw fail('found gzip, expected IDX', 'Decompress the file first.');

  const expected = magicOf(UNSIGNED_BYTE, rank);
  const found = `0x${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  if (bytes[0] !== 0 || bytes[1] !== 0 || !(bytes[2] in typeNames)) {
    throw fail(`an IDX file of unsigned bytes with ${rank} dimension(s) starts with ${expected}, found ${found}`);
  }
  if (bytes[2] !== UNSIGNED_BYTE) {
    throw fail(`expected elements of unsigned bytes (${expected}), found ${typeNames[bytes[2]]} (${found})`);
  }
  if (bytes[3] !== rank) {
    const hint = 'Images have 3 dimensions and labels 1: perhaps the two files are exchanged.';
    throw fail(`expected ${rank} dimension(s) (${expected}), found ${bytes[3]} (${found})`, hint);
  }
  if (bytes.length < headerSize) throw fail(`the header takes ${headerSize} bytes, found ${bytes.length}`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // Exact up to 2^53, and beyond that surely not the length of the file.
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== headerSize + size) {
    const what = bytes.length < headerSize + size ? 'it is cut short' : 'something follows the data';
    throw fail(
      `shape [${shape.join(', ')}] takes ${headerSize + size} bytes with the header, found ${bytes.length}: ${what}`,
    );
  }
  return { shape, data: bytes.subarray(headerSize) };
}

function magicOf(type: number, rank: number): string {
  return `0x${((type << 8) | rank).toString(16).padStart(8, '0')}`;
}
