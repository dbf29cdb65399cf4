// What WebAssembly can do here, found out by asking: tiny modules that use one instruction each are offered to the engine.
// The picture to have in mind is a list of yes/no answers that the cpu device chooses its kernels by.
//
// On Node, call prepareV8() (v8-flags.node.ts) first: Node 20 says no to relaxed SIMD until it is told to allow it.

import { type FunctionBuilder, type Local, ModuleBuilder } from './assembler.ts';
import { noMemory } from './heap.ts';
import { atomic, constI32, drop, f32x4, type } from './wasm.ts';

export interface Features {
  /** 128-bit vectors; the cpu device cannot do without. */
  readonly simd: boolean;
  /** f32x4.relaxed_madd compiles. */
  readonly relaxedSimd: boolean;
  /** And it rounds once, so this machine has the instruction for it; without, it is only a multiplication and an addition. */
  readonly fusedMultiplyAdd: boolean;
  /** Shared memory and atomic instructions, and the platform lets workers have that memory. */
  readonly threads: boolean;
}

export function detectFeatures(): Features {
  const simd = valid((f, a) => f.emit(drop(f32x4.splat(a))));
  const relaxed = probe(writeMadd, false);
  const relaxedSimd = WebAssembly.validate(relaxed);
  return {
    simd,
    relaxedSimd,
    fusedMultiplyAdd: relaxedSimd && isFused(relaxed),
    threads: valid((f) => f.emit(drop(atomic.add(constI32(0), constI32(1)))), true) && canShareMemory(),
  };
}

type Writer = (f: FunctionBuilder, a: Local, b: Local, c: Local) => void;

/** A module that exports `probe(a, b, c)`, three floats to one. */
function probe(write: Writer, shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const parameters = [type.f32, type.f32, type.f32];
  const build: Writer = (f, a, b, c) => {
    write(f, a, b, c);
    f.return(a);
  };
  module.export('probe', module.function('probe', parameters, build, type.f32));
  return module.encode({ pages: { initial: 1, maximum: 1 }, shared });
}

const valid = (write: Writer, shared = false): boolean => WebAssembly.validate(probe(write, shared));

const writeMadd: Writer = (f, a, b, c) => {
  f.return(f32x4.lane(f32x4.relaxedMadd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0));
};

/** (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, which is lost when the square is rounded to a float before the subtraction. */
function isFused(module: Uint8Array<ArrayBuffer>): boolean {
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  } catch (cause) {
    throw noMemory(cause);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  const madd = exports.probe as (a: number, b: number, c: number) => number;
  return madd(1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11) === 2 ** -24;
}

/** A browser shares memory only with pages that are cross-origin isolated; Node has no such notion. */
function canShareMemory(): boolean {
  return typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated !== false;
}
