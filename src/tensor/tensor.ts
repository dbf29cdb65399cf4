// A tensor is symbolic: a node of a graph with a shape and a dtype. Building one computes nothing and holds no memory,
// so there is nothing to dispose of. A device compiles a graph into a program, and the program holds the numbers.
//
//   Input     a leaf that is fed before each run (images, labels, the learning rate)
//   Variable  a leaf that lives on the device from run to run (weights, running statistics, optimizer state)
//   Tensor    the result of an operation on other tensors

import type { Operation } from './operation.ts';
import { assertShape, formatShape, type Shape, ShapeError, sizeOf } from './shape.ts';

export type DType = 'float32' | 'int32';

let created = 0;

/** How many tensors there are: the id of the next one. */
export const tensorCount = (): number => created;

export class Tensor {
  /** Counts up in the order of creation: inputs always have smaller numbers than what is built on them. */
  readonly id: number = created++;
  readonly shape: Shape;
  readonly dtype: DType;
  /** undefined for leaves. */
  readonly operation: Operation | undefined;
  readonly inputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Assignments that belong to computing this tensor, such as a batch norm's running statistics. */
  readonly effects: Assignment[] = [];
  /** In a backward pass: the tensor of the forward pass whose gradient rule built it. */
  gradientOf: Tensor | undefined;

  constructor(
    shape: Shape,
    dtype: DType,
    operation?: Operation,
    inputs: readonly Tensor[] = [],
    attributes: Readonly<Record<string, unknown>> = {},
  ) {
    assertShape(operation?.name ?? 'tensor', shape);
    this.shape = [...shape];
    this.dtype = dtype;
    this.operation = operation;
    this.inputs = inputs;
    this.attributes = attributes;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `${this.operation?.name ?? this.constructor.name} ${formatShape(this.shape)} ${this.dtype}`;
  }
}

/** A leaf that is fed before each run. */
export class Input extends Tensor {
  readonly name: string;

  constructor(name: string, shape: Shape, dtype: DType = 'float32') {
    super(shape, dtype);
    this.name = name;
  }
}

export type VariableValue = Float32Array | Int32Array;

/**
 * A leaf whose value stays on the device from run to run. `value` is the host's copy in PyTorch's order: the initial
 * value until a program uses the variable, and from then on what the last `device.read(variable)` brought back.
 */
export class Variable extends Tensor {
  #value: VariableValue | (() => VariableValue);
  /** Whether an optimizer may change it: true for parameters, false for running statistics and optimizer state. */
  readonly trainable: boolean;

  /** @param value a function is called when the value is first asked for; never, when another is set before */
  constructor(
    shape: Shape,
    value: VariableValue | (() => VariableValue),
    { trainable = false, dtype = 'float32' }: { trainable?: boolean; dtype?: DType } = {},
  ) {
    super(shape, dtype);
    this.#value = typeof value === 'function' ? value : this.#checked(value);
    this.trainable = trainable;
  }

  get value(): VariableValue {
    if (typeof this.#value === 'function') this.#value = this.#checked(this.#value());
    return this.#value;
  }

  set value(value: VariableValue) {
    this.#value = value;
  }

  #checked(value: VariableValue): VariableValue {
    if (value.length === this.size) return value;
    const rule = `the value has ${value.length} elements, the shape ${this.size}`;
    throw new ShapeError('variable', [this.shape], rule);
  }
}

/** After a run, `variable` holds what `value` was in that run. Every read within the run sees the old value. */
export interface Assignment {
  readonly variable: Variable;
  readonly value: Tensor;
}

export function assign(variable: Variable, value: Tensor): Assignment {
  const same = variable.size === value.size && variable.shape.every((extent, axis) => extent === value.shape[axis]);
  if (!same || variable.dtype !== value.dtype) {
    const rule = `the value must have the variable's shape and dtype (${variable.dtype}, found ${value.dtype})`;
    throw new ShapeError('assign', [variable.shape, value.shape], rule);
  }
  return { variable, value };
}
