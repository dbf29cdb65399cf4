// Any file of weights, told apart by what is in it, not by its name. Everything that takes weights (evaluate, predict,
// fine-tuning, export) opens them here:
//
//   safetensors   8 bytes with the header's length, then {
//   PyTorch zip   PK: torch.save since 1.6
//   PyTorch old   a pickle of PyTorch's magic number: torch.save before 1.6

import { readFile } from 'node:fs/promises';
import { ResiduaError } from '../errors.ts';
import { isTorchLegacy, readTorchLegacy } from './pytorch/read-legacy.ts';
import { isZip, readTorchZip } from './pytorch/read-zip.node.ts';
import { readSafetensors, type SafeTensor } from './safetensors.ts';

export interface Weights {
  readonly format: 'safetensors' | 'pth';
  /** By state_dict name, in the file's order. F16 and BF16 hold float32 data, which has the same values. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** Free text under free names; Residua's own files describe their model under 'residua'. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What was chosen or left out on the way to the tensors, a sentence each, for people. Empty for most files. */
  readonly notes: readonly string[];
}

/** Where the JSON of a safetensors file begins, with {. */
const HEADER_AT = 8;
const BRACE = 0x7b;

/**
 * @param bytes the whole file
 * @param source how to call the file in errors, such as its path
 * @throws ResiduaError when it is damaged, or is no file of weights that is known
 */
export async function readWeights(bytes: Uint8Array, source: string): Promise<Weights> {
  if (isZip(bytes)) return { format: 'pth', ...(await readTorchZip(bytes, source)) };
  if (isTorchLegacy(bytes)) return { format: 'pth', ...(await readTorchLegacy(bytes, source)) };
  if (bytes[HEADER_AT] === BRACE || source.endsWith('.safetensors')) {
    return { format: 'safetensors', ...readSafetensors(bytes, source), notes: [] };
  }
  throw new ResiduaError(
    `${source} is neither safetensors nor what torch.save writes (it begins with ${begin(bytes)})`,
    {
      hint: 'Name a .safetensors, .pth or .pt file of weights.',
    },
  );
}

function begin(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing: it is empty';
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** @throws ResiduaError when it can't be read, is damaged, or is no file of weights that is known */
export async function readWeightsFile(path: string): Promise<Weights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? `there is no ${path}` : `cannot read ${path}: ${(error as Error).message}`;
    throw new ResiduaError(message, { hint: 'Name a .safetensors, .pth or .pt file.', cause: error });
  }
  return readWeights(bytes, path);
}
