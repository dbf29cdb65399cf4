// Reads PyTorch's numbers from test/golden (its README says how they were made).

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../src/formats/safetensors.ts';
import type { StateEntry } from '../src/nn/index.ts';
import { Variable } from '../src/tensor/index.ts';

const folder = new URL('./golden/', import.meta.url);

/** float32, or labels as int32. */
export interface GoldenTensor extends StateEntry {
  readonly data: Float32Array | Int32Array;
}

export interface Golden {
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** Stride, padding, eps, ... */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Names of the files that begin like this, without their ending. */
export function listGolden(prefix: string): string[] {
  const names = readdirSync(folder).filter((file) => file.startsWith(prefix) && file.endsWith('.safetensors'));
  return names.map((file) => file.replace('.safetensors', '')).sort();
}

export function readGolden(name: string): Golden {
  const path = fileURLToPath(new URL(`${name}.safetensors`, folder));
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const entries = [...tensors].map(([key, { shape, data }]): [string, GoldenTensor] => [
    key,
    { shape, data: data instanceof Float32Array ? data : Int32Array.from(data as ArrayLike<bigint>, Number) },
  ]);
  return { tensors: new Map(entries), attributes: Object.fromEntries(metadata) };
}

/** The entries whose names begin with `prefix.`, without it and in their order. */
export function section({ tensors }: Golden, prefix: string): Map<string, GoldenTensor> {
  const entries = [...tensors].filter(([name]) => name.startsWith(`${prefix}.`));
  return new Map(entries.map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]));
}

/** A Variable that holds a golden tensor. */
export function variableOf({ shape, data }: GoldenTensor): Variable {
  return new Variable(shape, data, { dtype: data instanceof Int32Array ? 'int32' : 'float32' });
}
