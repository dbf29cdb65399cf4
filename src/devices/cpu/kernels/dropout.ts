// Philox4x32-10 (Salmon et al. 2011) in WebAssembly: one call gives the four random words of four channels, and from them
// the dropout mask of src/tensor/operations/dropout.ts. The plain version is philox4x32 in src/tensor/random.ts.

import { MULTIPLIER_0, MULTIPLIER_1, ROUNDS, WEYL_0, WEYL_1 } from '../../../tensor/random.ts';
import { type FunctionBuilder, invoke, type Local, type ModuleBuilder } from '../assembler.ts';
import { type Code, f32x4, i32, i32x4, i64, select, type, v128 } from '../wasm.ts';

const multipliers = [MULTIPLIER_0, MULTIPLIER_1] as const;
const keySteps = [WEYL_0, WEYL_1] as const;

/** (pixel, channel block, step, key 0, key 1, threshold) -> lanes of all ones where word >= threshold, zeros elsewhere. */
function keptLanes(module: ModuleBuilder): FunctionBuilder {
  return module.once('philox', [], 6, buildPhilox, type.v128);
}

function buildPhilox(f: FunctionBuilder, ...parameters: Local[]): void {
  const [pixel, block, step, key0, key1, threshold] = parameters;
  const counter = [pixel, block, step, f.let(i32.const(0))];
  const keys = [key0, key1];
  const products = f.locals(2, type.i64);
  f.repeat(ROUNDS, () => {
    products.forEach((product, i) => {
      const unsigned = i64.and(i64.const(multipliers[i]), i64.extendU(i32.const(-1)));
      f.set(product, i64.mul(i64.extendU(counter[2 * i]), unsigned));
    });
    const high = (product: Code): Code => i64.wrap(i64.shrU(product, i64.const(32)));
    f.set(counter[0], i32.xor(i32.xor(high(products[1]), counter[1]), keys[0]));
    f.set(counter[2], i32.xor(i32.xor(high(products[0]), counter[3]), keys[1]));
    f.set(counter[1], i64.wrap(products[1]));
    f.set(counter[3], i64.wrap(products[0]));
    keys.forEach((key, i) => {
      f.advance(key, keySteps[i] | 0);
    });
  });
  const kept = (word: Code): Code => select(i32.geU(word, threshold), i32.const(-1), i32.const(0));
  f.emit(counter.reduce<Code>((lanes, word, i) => i32x4.replaceLane(lanes, i, kept(word)), i32x4.const(0)));
}

/** Four lanes of the mask: 0 or 1 / (1 - p). */
export function dropoutMask(
  module: ModuleBuilder,
  { probability, key }: { probability: number; key: readonly [number, number] },
  { pixel, block, step }: { pixel: Code; block: Code; step: Code },
): Code {
  const threshold = i32.const(Math.min(Math.ceil(probability * 2 ** 32), 2 ** 32 - 1) | 0);
  const words = [pixel, block, step, i32.const(key[0] | 0), i32.const(key[1] | 0), threshold];
  const lanes = invoke(keptLanes(module), ...words);
  return v128.and(lanes, f32x4.const(1 / (1 - probability)));
}
