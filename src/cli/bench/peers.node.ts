// Finds the peers that are installed here. Nothing of them is a dependency: who wants a comparison brings them along.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A peer, or why there is none. */
export type Found<T> = { readonly found: T } | { readonly reason: string };

/** The program that speaks protocol.ts; the build puts it beside the bundle. */
export const pytorchProgram = fileURLToPath(new URL('./pytorch.py', import.meta.url));

/** The first Python that can import torch. */
export async function findPyTorch(python: string | undefined): Promise<Found<string>> {
  const candidates = python === undefined ? ['python3', '/usr/bin/python3', 'python'] : [python];
  for (const candidate of candidates) {
    try {
      await promisify(execFile)(candidate, ['-c', 'import torch']);
      return { found: candidate };
    } catch {
      // Not there, or without torch: the next one.
    }
  }
  return { reason: `no PyTorch in ${candidates.join(', ')}; --python PATH says where it is` };
}

/** The package's main file, installed for the current folder or for Residua. */
export function findOnnxRuntime(): Found<string> {
  for (const base of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return { found: createRequire(base).resolve('onnxruntime-node') };
    } catch {
      // The next place.
    }
  }
  return { reason: 'the package onnxruntime-node is not installed for this folder' };
}
