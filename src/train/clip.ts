// Gradient clipping by the global norm (Pascanu et al. 2013, algorithm 1), as torch.nn.utils.clip_grad_norm_: the gradients
// of all parameters are taken as one long vector, and where that is longer than maxNorm, it is shortened to it. Its
// direction stays. All of it is graph nodes, so it becomes a part of the step's program.
//
//   g = g * min(1, maxNorm / (norm + 1e-6))        norm = sqrt(sum of g^2 over all parameters)

import { add, constant, div, mul, relu, sqrt, sub, sum, type Tensor } from '../tensor/index.ts';

export interface ClippedGradients {
  readonly gradients: readonly Tensor[];
  /** Scalar: of the gradients as they came. */
  readonly norm: Tensor;
}

/** PyTorch's, against a division by 0. */
const EPS = 1e-6;

/** @param maxNorm above 0 */
export function clipByGlobalNorm(gradients: readonly Tensor[], maxNorm: number): ClippedGradients {
  const norm = globalNorm(gradients);
  const most = constant(maxNorm);
  // min(1, most / x) = most / max(x, most), and max(x, most) = most + relu(x - most): exactly 1 for short gradients.
  const longer = relu(sub(add(norm, constant(EPS)), most));
  const scale = div(most, add(most, longer));
  return { gradients: gradients.map((gradient) => mul(gradient, scale)), norm };
}

/** The Euclidean length of all of them together: a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(gradients.map((gradient) => sum(mul(gradient, gradient))).reduce((total, square) => add(total, square)));
}
