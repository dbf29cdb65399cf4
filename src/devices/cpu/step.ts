// What kernels are given and what they give back. A program is a list of steps; a step calls one generated function on a
// range of its units of work, and threads share the units out. Where buffers lie is decided after all steps are known, so a
// step names buffers, and its function takes their addresses as parameters.
//
//   kernel(arguments..., from, to)      does units from..to-1; each unit always does the same work in the same order, so
//                                       the result doesn't depend on how many threads there are

import type { FunctionBuilder, ModuleBuilder } from './assembler.ts';
import type { Geometry } from './geometry.ts';
import type { Code } from './wasm.ts';

/** A piece of the device's memory, 64-byte aligned. Its address is known when the program is written. */
export interface Buffer {
  readonly name: string;
  readonly bytes: number;
}

/** A place in a buffer: `offset` bytes from its start. */
export interface Pointer {
  readonly buffer: Buffer;
  readonly offset: number;
}

/** Memory of the thread that does the units, 64-byte aligned; undefined content. Every step has the same memory. */
export interface ThreadScratch {
  readonly threadBytes: number;
}

export type Argument = Buffer | Pointer | ThreadScratch | number;

export interface Step {
  /** For profiles and error messages, such as `conv2d 16x32x32 -> 16x32x32`. */
  readonly name: string;
  readonly kernel: FunctionBuilder;
  /** All but the last two parameters (from, to), a buffer for its address; by default what is read, then what is written. */
  readonly arguments?: readonly Argument[];
  readonly units: number;
  /** Every buffer that the kernel reads; what it only writes is not among them. */
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** Multiply-adds times two and other arithmetic, for profiles. */
  readonly operations?: number;
}

/** Images (or rows of a matrix, as images of one pixel) in a buffer. */
export interface Image {
  readonly buffer: Buffer;
  readonly geometry: Geometry;
}

/**
 * A convolution's weights where they are kept: element (u, v, i, o) (kernel row, kernel column, input channel, output
 * channel) lies at the sum of index times stride, in bytes. Output channels are padded to a multiple of 4 with zeros.
 */
export interface Weights {
  readonly buffer: Buffer;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly strides: { readonly row: number; readonly column: number; readonly in: number; readonly out: number };
}

/** What kernels are written with. */
export interface Emitter {
  readonly module: ModuleBuilder;
  /**
   * Whether the engine makes one instruction on 256 bits of two that do the same on neighbouring memory. Kernels then take
   * twice as many vectors at a time and keep neighbours side by side; what is computed is the same to the bit.
   */
  readonly wide: boolean;
  /** a * b + c on four floats: fused where the machine has it, two roundings otherwise. */
  madd(a: Code, b: Code, c: Code): Code;
  /** c - a * b, likewise. */
  nmadd(a: Code, b: Code, c: Code): Code;
  /** Memory that lives while some later step reads it. Its content is undefined at first. */
  scratch(name: string, bytes: number): Buffer;
  step(step: Step): void;
}
