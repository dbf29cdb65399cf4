// A device turns a graph into a program and keeps the variables. The three parts of its contract:
//
//   device.compile(graph)   plans everything once: order, memory, kernels
//   program.run(feeds)      runs it any number of times; no allocation a run
//   device.read / write     moves a variable between the host and the device, in PyTorch's element order

import type { Assignment, Tensor, Variable } from '../tensor/tensor.ts';

/** What to compute. Inputs and variables are found by walking back from here; so are the assignments of batch norms. */
export interface Graph {
  /** Tensors to hand back after each run, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Variables to change in each run, such as an optimizer's. */
  readonly assignments?: readonly Assignment[];
}

/** Values of one Input in PyTorch's element order; a number for a scalar. */
export type Feed = Float32Array | Int32Array | number;

export type Values = Float32Array | Int32Array;

export interface Program {
  /** Bytes that the program itself needs while it runs, variables excluded. Known before the first run. */
  readonly workspaceBytes: number;
  /**
   * Runs once. Every Input of the graph must be fed by its name.
   *
   * @returns the outputs by name, in PyTorch's element order; the arrays are reused by the next run
   */
  run(
    feeds: Readonly<Record<string, Feed>>,
  ): Readonly<Record<string, Values>> | Promise<Readonly<Record<string, Values>>>;
  /**
   * Runs once, slowly, and tells the first tensor that is not finite: everything that it is computed from is. undefined where
   * all stay finite; variables are then as after a run, and otherwise half changed. Absent where a device can't tell.
   */
  examine?(feeds: Readonly<Record<string, Feed>>): Promise<NonFinite | undefined>;
  /** Runs once and says where the time went. Absent where a device can't tell. */
  profile?(feeds: Readonly<Record<string, Feed>>): Promise<readonly StepTime[]>;
}

/** Where NaN or an infinity came up. */
export interface NonFinite {
  /** An Input or a Variable where it was there before. */
  readonly tensor: Tensor;
  /** One of its elements: NaN, Infinity or -Infinity. */
  readonly found: number;
}

/** One step of a program, in the order in which they run. */
export interface StepTime {
  readonly name: string;
  readonly seconds: number;
  /** Arithmetic operations, where the device counts them; 0 otherwise. */
  readonly operations: number;
}

/** Memory of a program, in bytes. */
export interface Measured {
  readonly workspaceBytes: number;
  /** Of its variables that have no place on the device yet. */
  readonly variableBytes: number;
  /** What the device can still give. */
  readonly available: number;
}

export interface Device {
  readonly name: string;
  /** How many run its programs, the caller's among them. */
  readonly threads: number;
  /** How wide the vectors are that it computes on; absent where it has none. Results are the same to the bit. */
  readonly vectorBits?: 128 | 256;
  compile(graph: Graph): Promise<Program>;
  /**
   * What compile would take, and what there is; nothing is allocated. Absent where memory is not planned.
   */
  measure?(graph: Graph): Measured;
  /** Brings the variable's value to the host: into `variable.value`, which is returned. */
  read(variable: Variable): Promise<Values>;
  /** Sets the variable on the device (and `variable.value`). */
  write(variable: Variable, values: Values): Promise<void>;
  /** Ends threads and frees memory. Programs of a closed device can't be run. */
  close(): Promise<void>;
}
