// Settings of Node's WebAssembly engine, made once before the first kernel is compiled. They hold for the whole process:
//
//   relaxed SIMD              fused multiply-add. Node 20 has it behind a flag, Node 22 and later always
//   revectorize               two operations on 128 bits that stand side by side become one on 256. V8 13 (Node 24) has it, and
//                             from some later version on without `experimental`; V8 12 knows the flag and does nothing
//   no baseline compiler,     kernels are compiled by the optimising compiler at once, not after they have been slow for
//   no dynamic tiering        a while
//   no deoptimization         V8 14 (Node 25) begins optimised code so that it can fall back to the baseline compiler's, and dies
//                             where there is none
//   no unrolling, no peeling  kernels are already unrolled as far as the registers go; more of it only spills
//
// Inlining is left as it is: instances that are made without it crash in code that was compiled with it, before the flags were set
// (from V8 13 on), and it makes nothing slower here.
//
// V8 complains on stderr about a flag that it doesn't know, and which ones it knows changes with its version; so it is asked.

import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const wanted = [
  '--experimental-wasm-relaxed-simd',
  '--experimental-wasm-revectorize',
  '--wasm-revectorize',
  '--no-liftoff',
  '--no-wasm-dynamic-tiering',
  '--no-wasm-deopt',
  '--no-wasm-loop-unrolling',
  '--no-wasm-loop-peeling',
];

let settings: readonly string[] | undefined;

/**
 * Sets what this V8 knows of the flags above. The first call starts a process to ask (some 20 to 80 ms), later ones do
 * nothing.
 *
 * @returns the flags that were set; none where the program isn't run by a plain `node`, which costs speed only
 */
export function prepareV8(): readonly string[] {
  if (settings === undefined) {
    const known = knownFlags();
    settings = wanted.filter((flag) => known.has(flag.replace(/^--(no-)?/, '')));
    for (const flag of settings) setFlagsFromString(flag);
  }
  return settings;
}

function knownFlags(): Set<string> {
  // Another executable (Electron, a program with Node inside) could take the option for a request to start again.
  if (!/^node(\.exe)?$/i.test(basename(process.execPath))) return new Set();
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8', env: {}, windowsHide: true });
  return new Set(Array.from((stdout ?? '').matchAll(/^ *--([\w-]+) \(/gm), ([, name]) => name));
}
