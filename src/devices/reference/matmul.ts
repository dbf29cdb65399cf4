// Matrix product with either factor stored transposed: C[m,n] = sum over k of A[m,k] B[k,n].

import type { Transposition } from '../../tensor/operations/matmul.ts';
import { type Kernel, zeros } from './kernel.ts';

export const matmul: Kernel = (node, [a, b]) => {
  const { transposeA, transposeB } = node.attributes as unknown as Transposition;
  const [rows, columns] = node.shape;
  const inner = node.inputs[0].shape[transposeA ? 0 : 1];
  const result = zeros(node);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      for (let k = 0; k < inner; k++) {
        const left = transposeA ? a[k * rows + m] : a[m * inner + k];
        const right = transposeB ? b[n * inner + k] : b[k * columns + n];
        result[m * columns + n] += left * right;
      }
    }
  }
  return result;
};
