// What WebAssembly can do here, found out by asking: tiny modules that use one instruction each are offered to the engine.
// The picture to have in mind is a list of yes/no answers that the cpu device chooses its kernels by.
//
// On Node, call prepareV8() (v8-flags.node.ts) first: Node 20 says no to relaxed SIMD until it is told to allow it.

import { type FunctionBuilder, type Local, ModuleBuilder } from './assembler.ts';
import { vectorBytes } from './geometry.ts';
import { noMemory } from './heap.ts';
import { atomic, constI32, drop, f32x4, type, v128 } from './wasm.ts';

export interface Features {
  /** 128-bit vectors; the cpu device cannot do without. */
  readonly simd: boolean;
  /** f32x4.relaxed_madd compiles. */
  readonly relaxedSimd: boolean;
  /** And it rounds once, so this machine has the instruction for it; without, it is only a multiplication and an addition. */
  readonly fusedMultiplyAdd: boolean;
  /**
   * Two vectors that are neighbours in memory are computed as one of 256 bits. V8 does this on processors with AVX2 when it is
   * told to (prepareV8), from version 13 on; whether it does can only be measured.
   */
  readonly wideVectors: boolean;
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
    wideVectors: simd && joinsNeighbours(relaxedSimd),
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
  const madd = instantiate(module).probe as (a: number, b: number, c: number) => number;
  return madd(1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11) === 2 ** -24;
}

function instantiate(module: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  } catch (cause) {
    throw noMemory(cause);
  }
  return new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } }).exports;
}

/**
 * Times as many multiply-adds on eight sums as on sixteen. Two by two, sixteen take eight registers and half the time; one by one
 * they don't fit, and take longer than eight. Some 3 to 5 ms in all.
 */
function joinsNeighbours(relaxed: boolean): boolean {
  const module = new ModuleBuilder();
  for (const sums of [8, 16])
    module.export(
      `${sums}`,
      module.function('sums', [], (f) => writeSums(f, sums, relaxed)),
    );
  const exports = instantiate(module.encode({ pages: { initial: 1, maximum: 1 }, shared: false }));
  const timesOf = (): number[] =>
    ['8', '16'].map((name) => {
      const start = performance.now();
      (exports[name] as () => void)();
      return performance.now() - start;
    });
  const trials = Array.from({ length: 7 }, timesOf);
  const [eight, sixteen] = [0, 1].map((i) => Math.min(...trials.map((times) => times[i])));
  return sixteen < 0.75 * eight;
}

function writeSums(f: FunctionBuilder, count: number, relaxed: boolean): void {
  const sums = f.vectors(count);
  const half = f.vector(f32x4.const(0.5));
  f.repeat(2 ** 20 / count, () => {
    for (const sum of sums) {
      f.set(sum, relaxed ? f32x4.relaxedMadd(half, half, sum) : f32x4.add(sum, f32x4.mul(half, half)));
    }
  });
  sums.forEach((sum, i) => {
    f.emit(v128.store(constI32(0), sum, i * vectorBytes));
  });
}

/** A browser shares memory only with pages that are cross-origin isolated; Node has no such notion. */
function canShareMemory(): boolean {
  return typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated !== false;
}
