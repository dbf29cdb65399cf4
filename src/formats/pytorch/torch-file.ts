// What both kinds of PyTorch's files come to: from the pickled object and the bytes of its storages to named tensors.

import type { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';
import { dtypes, type SafeTensor } from '../safetensors-dtypes.ts';
import { findState } from './state-dict.ts';
import { aligned, checkedSize, readTensor, type StorageBytes } from './tensor-data.ts';
import type { TorchStorage } from './torch-objects.ts';

export interface TorchFile {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** Free text beside the weights, by name. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What was chosen and left out, a sentence each. */
  readonly notes: readonly string[];
}

/** Tied weights and repeated rows take more memory than space in the file: at most so many times its size, ... */
const MAX_UNFOLDING = 16;
/** ... or so many bytes, for small files. */
const UNFOLDING_ALLOWANCE = 2 ** 20;

export interface Storages {
  /** The bytes of a storage, which may be fewer or more than it should have. */
  bytesOf(storage: TorchStorage): Uint8Array | Promise<Uint8Array>;
  readonly littleEndian: boolean;
  /** Of the whole file. */
  readonly fileSize: number;
}

/**
 * @param root what the pickle holds
 * @param source how to call the file in errors
 * @throws ResiduaError when there is no state dict, or tensors don't fit their storages
 */
export async function tensorsOf(
  root: unknown,
  storages: Storages,
  source: string,
  fail: (message: string) => ResiduaError,
): Promise<Pick<TorchFile, 'tensors' | 'notes'>> {
  const { tensors: described, notes } = findState(root, source);
  let memory = 0;
  for (const [name, tensor] of described) {
    memory += checkedSize(name, tensor, fail);
    if (memory > MAX_UNFOLDING * storages.fileSize + UNFOLDING_ALLOWANCE) {
      throw fail(`its tensors would take more than ${MAX_UNFOLDING} times the memory that the file has bytes`);
    }
  }
  const read = new Map<string, StorageBytes>();
  const tensors = new Map<string, SafeTensor>();
  for (const [name, tensor] of described) {
    const { storage } = tensor;
    const bytes = read.get(storage.key)?.bytes ?? aligned(await storages.bytesOf(storage));
    const expected = storage.length * (storage.dtype === undefined ? 1 : dtypes.get(storage.dtype)!.size);
    if (bytes.length !== expected) {
      throw fail(`the storage of '${printable(name)}' should have ${expected} bytes, found ${bytes.length}`);
    }
    const { littleEndian } = storages;
    read.set(storage.key, { bytes, littleEndian });
    tensors.set(name, readTensor(tensor, { bytes, littleEndian }));
  }
  return { tensors, notes };
}
