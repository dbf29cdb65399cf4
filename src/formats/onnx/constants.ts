// Whatever a graph computes from parameters alone is computed here, in float64 by the reference device's kernels, and
// becomes a number in the file: batch norm's weight / sqrt(variance + eps), for one.

import type { Numbers } from '../../devices/reference/kernel.ts';
import { kernels } from '../../devices/reference/kernels.ts';
import { Input, type Tensor, Variable } from '../../tensor/tensor.ts';

export class Constants {
  readonly #batch: number;
  readonly #constant = new Map<Tensor, boolean>();
  readonly #values = new Map<Tensor, Numbers>();

  /** @param batch the extent that stands for the number of images: what has it is no constant */
  constructor(batch: number) {
    this.#batch = batch;
  }

  /** Whether the tensor depends on no input, nor on how many images there are. */
  has(tensor: Tensor): boolean {
    const known = this.#constant.get(tensor);
    if (known !== undefined) return known;
    const constant =
      !(tensor instanceof Input) &&
      tensor.shape.every((extent) => extent % this.#batch !== 0) &&
      tensor.inputs.every((input) => this.has(input));
    this.#constant.set(tensor, constant);
    return constant;
  }

  /** Its value, row-major. */
  valueOf(tensor: Tensor): Numbers {
    const known = this.#values.get(tensor);
    if (known) return known;
    const value =
      tensor instanceof Variable
        ? Float64Array.from(tensor.value)
        : kernels[tensor.operation!.name](
            tensor,
            tensor.inputs.map((input) => this.valueOf(input)),
          );
    this.#values.set(tensor, value);
    return value;
  }

  /** The same, without a copy for a variable, which may be large. */
  numbersOf(tensor: Tensor): ArrayLike<number> {
    return tensor instanceof Variable ? tensor.value : this.valueOf(tensor);
  }
}
