// A fingerprint of a model: SHA-256 over its state in the order of the names, for each the name in UTF-8 and then the
// values, little-endian. Equal hashes mean the same bits in every weight and running statistic.

import type { Module } from '../nn/index.ts';

/** @param model its variables' host values, as the last device.read left them @returns 64 hexadecimal digits */
export async function weightsHash(model: Module): Promise<string> {
  const state = [...model.stateDict()].sort(([a], [b]) => (a < b ? -1 : 1));
  const encoder = new TextEncoder();
  const parts = state.flatMap(([name, { value }]) => [
    encoder.encode(name),
    new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
  ]);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
