// An operation is one entry of a small set. It says, side by side, its shape rule and its gradient rule; how it is
// computed is each device's business, found by the operation's name. Gradient rules build graph nodes from other
// operations, so a gradient is compiled, fused and planned like everything else.

import type { Shape } from './shape.ts';
import { type DType, Tensor } from './tensor.ts';

// biome-ignore lint/suspicious/noExplicitAny: an operation's attributes are typed where it is defined; here they vary.
type AnyAttributes = any;

export interface Operation<A = AnyAttributes> {
  readonly name: string;
  /** Shape (and dtype, float32 unless given) of the result. Throws ShapeError naming the operation, shapes and rule. */
  infer(inputs: readonly Tensor[], attributes: A): { shape: Shape; dtype?: DType };
  /**
   * Given dL/d(result), one gradient for each input; null where none flows (integer inputs, statistics).
   * Only called when some input needs a gradient. Absent: the operation is not differentiable.
   */
  gradient?(upstream: Tensor, result: Tensor, attributes: A): readonly (Tensor | null)[];
}

/** Adds a node to the graph. */
export function apply<A extends object>(operation: Operation<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const { shape, dtype = 'float32' } = operation.infer(inputs, attributes);
  return new Tensor(shape, dtype, operation, inputs, attributes as Readonly<Record<string, unknown>>);
}

/** No attributes. */
export type None = Record<never, never>;
