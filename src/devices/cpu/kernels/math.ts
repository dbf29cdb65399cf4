// Elementary functions in WebAssembly, with the same bits on every machine: built from arithmetic alone, never from the
// host's Math. On four floats for activations (errors of a few units in the last place), on one double for losses.

import { LN2_HIGH, LN2_LOW } from '../../../tensor/elementary.ts';
import { type FunctionBuilder, invoke, type Local, type ModuleBuilder } from '../assembler.ts';
import { type Code, f32x4, f64, i32x4, i64, type, v128 } from '../wasm.ts';

type Build = (module: ModuleBuilder) => FunctionBuilder;

function vectorFunction(name: string, build: (f: FunctionBuilder, x: Local, module: ModuleBuilder) => Code): Build {
  return (module) => module.once(name, [], [type.v128], (f, x) => f.emit(build(f, x, module)), type.v128);
}

function scalarFunction(name: string, build: (f: FunctionBuilder, x: Local) => Code): Build {
  return (module) => module.once(name, [], [type.f64], (f, x) => f.emit(build(f, x)), type.f64);
}

const splat = (value: number): Code => f32x4.const(value);

/** c0 + x (c1 + x (c2 + ...)), Horner's rule, without fused operations: the same bits with and without FMA. */
const polynomial = (x: Code, coefficients: readonly number[]): Code =>
  coefficients.map(splat).reduceRight((sum, c) => f32x4.add(c, f32x4.mul(x, sum)));

const polynomial64 = (x: Code, coefficients: readonly number[]): Code =>
  coefficients.map(f64.const).reduceRight((sum, c) => f64.add(c, f64.mul(x, sum)));

const taylorExp = (terms: number): number[] => {
  const coefficients = [1];
  for (let k = 1; k < terms; k++) coefficients.push(coefficients[k - 1] / k);
  return coefficients;
};

/** ln 2 in two parts: products of the first with small whole numbers are exact in float32. */
const ln2High = 0.693359375;
const ln2Low = Math.LN2 - ln2High;

/** e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln 2 / 2. 2^n is applied in two halves, so that subnormals work. */
export const exp4 = vectorFunction('exp4', (f, x) => {
  f.set(x, f32x4.pmax(f32x4.pmin(x, splat(100)), splat(-110)));
  const n = f.vector(f32x4.nearest(f32x4.mul(x, splat(Math.LOG2E))));
  const r = f.vector(f32x4.sub(f32x4.sub(x, f32x4.mul(n, splat(ln2High))), f32x4.mul(n, splat(ln2Low))));
  const whole = f.vector(f32x4.truncate(n));
  const half = f.vector(i32x4.shrS(whole, 1));
  const powerOfTwo = (k: Code): Code => i32x4.shl(i32x4.add(k, i32x4.const(127)), 23);
  const scaled = f32x4.mul(polynomial(r, taylorExp(8)), powerOfTwo(half));
  return f32x4.mul(scaled, powerOfTwo(i32x4.sub(whole, half)));
});

export const sigmoid4 = vectorFunction('sigmoid4', (_, x, module) =>
  f32x4.div(splat(1), f32x4.add(splat(1), invoke(exp4(module), f32x4.neg(x)))),
);

/** An odd function: of |x| where that is large; near 0, where it would cancel, by the Taylor series of f(x) / x in x^2. */
function oddFunction(
  name: string,
  series: readonly number[],
  ofLarge: (f: FunctionBuilder, size: Local, square: Local, module: ModuleBuilder) => Code,
): Build {
  return vectorFunction(name, (f, x, module) => {
    const size = f.vector(f32x4.abs(x));
    const square = f.vector(f32x4.mul(x, x));
    const large = f.vector(ofLarge(f, size, square, module));
    const signed = v128.or(large, v128.and(x, i32x4.const(-0x80000000)));
    return v128.select(f32x4.lt(size, splat(0.5)), f32x4.mul(x, polynomial(square, series)), signed);
  });
}

/** sign(x) (1 - 2 / (e^2|x| + 1)) */
export const tanh4 = oddFunction(
  'tanh4',
  [1, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925, 21844 / 6081075],
  (_, size, __, module) => {
    const doubled = invoke(exp4(module), f32x4.add(size, size));
    return f32x4.sub(splat(1), f32x4.div(splat(2), f32x4.add(doubled, splat(1))));
  },
);

/** 1 - (a1 t + ... + a5 t^5) e^(-x^2) with t = 1 / (1 + p |x|): Abramowitz & Stegun 7.1.26, |error| <= 1.5e-7. */
export const erf4 = oddFunction(
  'erf4',
  [1, -1 / 3, 1 / 10, -1 / 42, 1 / 216, -1 / 1320, 1 / 9360].map((c) => c * (2 / Math.sqrt(Math.PI))),
  (f, size, square, module) => {
    const t = f.vector(f32x4.div(splat(1), f32x4.add(splat(1), f32x4.mul(splat(0.3275911), size))));
    const tail = f32x4.mul(t, polynomial(t, [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]));
    return f32x4.sub(splat(1), f32x4.mul(tail, invoke(exp4(module), f32x4.neg(square))));
  },
);

/** e^x for x <= 709, 0 below -708. NaN stays NaN. */
export const exp64 = scalarFunction('exp64', (f, x) => {
  const n = f.local(type.f64);
  f.if(f64.lt(x, f64.const(-708)), () => f.return(f64.const(0)));
  f.if(f64.ne(x, x), () => f.return(x));
  f.set(n, f64.nearest(f64.mul(x, f64.const(Math.LOG2E))));
  f.set(x, f64.sub(f64.sub(x, f64.mul(n, f64.const(LN2_HIGH))), f64.mul(n, f64.const(LN2_LOW))));
  const power = f64.reinterpretI64(i64.shl(i64.add(i64.truncateF64S(n), i64.const(1023)), i64.const(52)));
  return f64.mul(polynomial64(x, taylorExp(15)), power);
});

/** ln x of a positive normal number: x = m 2^e, ln m = 2 artanh((m - 1) / (m + 1)) with m in [0.7, 1.4]. */
export const log64 = scalarFunction('log64', (f, x) => {
  const bits = f.local(type.i64);
  const exponent = f.local(type.f64);
  const s = f.local(type.f64);
  const square = f.local(type.f64);
  f.if(f64.ne(x, x), () => f.return(x));
  f.set(bits, i64.reinterpretF64(x));
  f.set(exponent, f64.convertI64S(i64.sub(i64.shrU(bits, i64.const(52)), i64.const(1023))));
  const mantissa = i64.and(bits, i64.sub(i64.shl(i64.const(1), i64.const(52)), i64.const(1)));
  f.set(x, f64.reinterpretI64(i64.or(mantissa, i64.shl(i64.const(1023), i64.const(52)))));
  f.if(f64.gt(x, f64.const(Math.SQRT2)), () => {
    f.set(x, f64.mul(x, f64.const(0.5)));
    f.set(exponent, f64.add(exponent, f64.const(1)));
  });
  f.set(s, f64.div(f64.sub(x, f64.const(1)), f64.add(x, f64.const(1))));
  f.set(square, f64.mul(s, s));
  const series = Array.from({ length: 13 }, (_, k) => 2 / (2 * k + 1));
  const mantissaLog = f64.mul(s, polynomial64(square, series));
  return f64.add(f64.mul(exponent, f64.const(Math.LN2)), mantissaLog);
});
