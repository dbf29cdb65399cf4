// What is written here comes back the same, and has the form that PyTorch's loader asks for. PyTorch itself is asked by
// hand, see docs/formats.md.

import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { SafeTensor } from '../safetensors.ts';
import { readWeights } from '../weights.node.ts';
import { writeTorchFile } from './write-torch.ts';

const tensors = new Map<string, SafeTensor>([
  ['conv.weight', { dtype: 'F32', shape: [2, 1, 3, 1], data: Float32Array.of(1, -2, 0.5, Number.NaN, Infinity, 0) }],
  ['bn.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(-3n) }],
  ['double', { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) }],
  ['int', { dtype: 'I32', shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['short', { dtype: 'I16', shape: [1], data: Int16Array.of(-5) }],
  ['char', { dtype: 'I8', shape: [1], data: Int8Array.of(-5) }],
  ['byte', { dtype: 'U8', shape: [1], data: Uint8Array.of(255) }],
  ['bool', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
  ['größe', { dtype: 'F32', shape: [1], data: new Float32Array([9, 8]).subarray(1) }],
]);

describe('a PyTorch file that is written here', () => {
  it('gives back the same tensors and texts', async () => {
    const extra = new Map([['residua', '{"classes":["ä"]}']]);
    const weights = await readWeights(writeTorchFile(tensors, extra), 'x');
    expect([...weights.tensors]).toEqual(
      [...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
    );
    expect(weights.metadata).toEqual(extra);
    expect(weights.notes).toEqual([]);
  });

  it('is the same for the same content', () => {
    expect(writeTorchFile(tensors)).toEqual(writeTorchFile(tensors));
  });

  it('has the records that torch.load looks for, their data aligned', () => {
    const file = writeTorchFile(tensors);
    const records = unzipSync(file);
    expect(Object.keys(records)).toEqual(
      expect.arrayContaining(['archive/data.pkl', 'archive/data/0', 'archive/version']),
    );
    expect(Buffer.from(records['archive/byteorder']).toString()).toBe('little');
    const values = Buffer.from(Float64Array.of(0.1).buffer);
    expect(Buffer.from(file).indexOf(values) % 64).toBe(0);
  });

  it('cannot hold widened floats under their short names', () => {
    const half: SafeTensor = { dtype: 'F16', shape: [1], data: Float32Array.of(1) };
    expect(() => writeTorchFile(new Map([['h', half]]))).toThrow("tensor 'h': F16 cannot be written");
  });
});
