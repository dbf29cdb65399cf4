// From the description of a tensor and the bytes of its storage to its numbers, in row-major order. A tensor may be any
// view: transposed, every second row, one row repeated (stride 0).

import type { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';
import { dtypes, type SafeTensor } from '../safetensors-dtypes.ts';
import type { TorchTensor } from './torch-objects.ts';

/** The bytes of a storage, as the file holds them. */
export interface StorageBytes {
  /** Begins at a multiple of 8 in its buffer; see aligned(). */
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
}

type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Elements are moved as integers: no float ever passes through, so NaNs keep their bits. */
function elementsOf(bytes: Uint8Array, size: number): Elements {
  const buffer = bytes.buffer as ArrayBuffer;
  const length = Math.floor(bytes.length / size);
  if (size === 8) return new BigUint64Array(buffer, bytes.byteOffset, length);
  const Elements = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[size as 1 | 2 | 4];
  return new Elements(buffer, bytes.byteOffset, length);
}

/** The same bytes where typed arrays of any kind can look at them; a copy only if need be. */
export function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

/**
 * How many bytes the tensor will take in memory, after a check that it lies within its storage.
 *
 * @param name for errors
 */
export function checkedSize(name: string, tensor: TorchTensor, fail: (message: string) => ResiduaError): number {
  const { shape, stride, offset, storage } = tensor;
  const itemSize = dtypes.get(tensor.dtype)!.size;
  const count = countOf(shape);
  if (count === 0) return 0;
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * stride[axis], offset);
  const length = storage.dtype === undefined ? Math.floor(storage.length / itemSize) : storage.length;
  if (!(last < length)) {
    const view = `shape [${shape.join(', ')}], stride [${stride.join(', ')}], offset ${offset}`;
    throw fail(`'${printable(name)}' (${view}) reaches beyond the ${length} elements of its storage`);
  }
  // Short floats are widened.
  return count * (tensor.dtype === 'F16' || tensor.dtype === 'BF16' ? 4 : itemSize);
}

/** @param tensor one that checkedSize has seen, over as many bytes as its storage says */
export function readTensor(tensor: TorchTensor, { bytes, littleEndian }: StorageBytes): SafeTensor {
  const { shape, dtype } = tensor;
  const { size, decode } = dtypes.get(dtype)!;
  const data = isContiguous(tensor) ? run(tensor, bytes, size) : gather(tensor, bytes, size);
  if (!littleEndian && size > 1) swapBytes(data, size);
  return { dtype, shape, data: decode(data.buffer) } as SafeTensor;
}

function isContiguous({ shape, stride }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** The elements of a view in which they lie one after the other. */
function run({ shape, offset }: TorchTensor, bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(countOf(shape) * size);
  data.set(bytes.subarray(offset * size, offset * size + data.length));
  return data;
}

/** The elements of any view. */
function gather({ shape, stride, offset }: TorchTensor, bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const count = countOf(shape);
  const data = new Uint8Array(count * size);
  const source = elementsOf(bytes, size);
  const target = elementsOf(data, size);
  const inner = shape.length - 1;
  const place = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to += shape[inner]) {
    for (let i = 0; i < shape[inner]; i++) target[to + i] = source[from + i * stride[inner]];
    for (let axis = inner - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++place[axis] < shape[axis]) break;
      from -= shape[axis] * stride[axis];
      place[axis] = 0;
    }
  }
  return data;
}

function countOf(shape: readonly number[]): number {
  // Apart from the product, which may be infinite before the 0 comes.
  return shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
}

function swapBytes(data: Uint8Array, size: number): void {
  for (let at = 0; at < data.length; at += size) data.subarray(at, at + size).reverse();
}
