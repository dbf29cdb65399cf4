// The compiler's own form of a graph: values, each computed once. Tensors that compute the same thing become one value, and
// work that need not be done (multiplying by 1, repeating for the sake of broadcasting) is gone. A value knows nothing of
// its tensor's shape but the view: its extents along the axes of memory.

import type { DType, Input, Tensor, Variable } from '../tensor/tensor.ts';
import { type View, viewKey } from './view.ts';

export interface Value {
  /** Counts up: inputs always have smaller numbers. */
  readonly id: number;
  /** 'input', 'variable', or what computes it: the operations of rewrite.ts. */
  readonly operation: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly dtype: DType;
  readonly view: View;
  /** Of 'input' and 'variable'. */
  readonly leaf?: Input | Variable;
  /** The first tensor for whose sake it is computed. */
  readonly tensor: Tensor;
}

export interface ValueOptions {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly dtype?: DType;
  readonly leaf?: Input | Variable;
}

/** Creates values, and finds the one that was created before with the same operation, inputs and attributes. */
export class ValueTable {
  /** For whose sake values are made now. */
  tensor: Tensor;
  readonly #byKey = new Map<string, Value>();

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  make(operation: string, inputs: readonly Value[], view: View, options: ValueOptions = {}): Value {
    const { attributes = {}, dtype = 'float32', leaf } = options;
    const ids = inputs.map((input) => input.id);
    if (operation === 'add' || operation === 'mul') ids.sort((a, b) => a - b);
    const identity = leaf ? leaf.id : JSON.stringify(attributes);
    const key = `${operation}(${ids})${identity} ${viewKey(view)} ${dtype}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const value: Value = {
      id: this.#byKey.size,
      operation,
      inputs,
      attributes,
      dtype,
      view,
      leaf,
      tensor: this.tensor,
    };
    this.#byKey.set(key, value);
    return value;
  }

  /** All values in the order of their numbers. */
  get values(): readonly Value[] {
    return [...this.#byKey.values()];
  }
}

/** The number, when the value is a constant of the graph. */
export function constantOf(value: Value): number | undefined {
  return value.operation === 'constant' ? (value.attributes.value as number) : undefined;
}

const pointwise = new Set([
  ...['add', 'sub', 'mul', 'div', 'relu', 'reluGradient', 'sigmoid', 'tanh', 'exp', 'sqrt', 'erf'],
  ...['broadcastTo', 'copy', 'dropoutMask'],
]);

/** Whether each element depends on the same place of the inputs alone (repeated where an input's extent is 1). */
export function isPointwise(value: Value): boolean {
  return pointwise.has(value.operation);
}
