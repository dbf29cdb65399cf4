// Matrix products, with either factor transposed on the fly, and the linear layer's y = x W^T + b.

import { apply, type Operation } from '../operation.ts';
import { ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';

export interface Transposition {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const matmulOperation: Operation<Transposition> = {
  name: 'matmul',
  infer: ([a, b], { transposeA, transposeB }) => {
    const rule = (text: string) => new ShapeError('matmul', [a.shape, b.shape], text);
    if (a.rank !== 2 || b.rank !== 2) throw rule('both must be matrices');
    const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
    const [inner2, columns] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
    if (inner !== inner2) throw rule(`the inner extents must be equal, found ${inner} and ${inner2}`);
    return { shape: [rows, columns] };
  },
  // With C = A B: dA = dC B^T and dB = A^T dC; a transposed factor's gradient is the transpose of that.
  gradient: (g, { inputs: [a, b] }, { transposeA, transposeB }) => [
    transposeA ? matmul(b, g, { transposeA: transposeB, transposeB: true }) : matmul(g, b, { transposeB: !transposeB }),
    transposeB ? matmul(g, a, { transposeA: true, transposeB: transposeA }) : matmul(a, g, { transposeA: !transposeA }),
  ],
};

/** Matrix product [M, K] x [K, N] -> [M, N]. PyTorch: torch.mm. */
export function matmul(a: Tensor, b: Tensor, options: Partial<Transposition> = {}): Tensor {
  return apply(matmulOperation, [a, b], { transposeA: false, transposeB: false, ...options });
}

/**
 * x W^T + b. PyTorch: F.linear.
 *
 * @param x [N, inFeatures]
 * @param weight [outFeatures, inFeatures]
 * @param bias [outFeatures]
 * @returns [N, outFeatures]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  if (x.rank !== 2 || weight.rank !== 2 || x.shape[1] !== weight.shape[1]) {
    const rule = 'the input must be [N, inFeatures] and the weight [outFeatures, inFeatures]';
    throw new ShapeError('linear', [x.shape, weight.shape], rule);
  }
  const y = matmul(x, weight, { transposeB: true });
  if (!bias) return y;
  if (bias.rank !== 1 || bias.shape[0] !== weight.shape[0]) {
    throw new ShapeError('linear', [x.shape, weight.shape, bias.shape], `the bias must be [${weight.shape[0]}]`);
  }
  return add(y, bias);
}
