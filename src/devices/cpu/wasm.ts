// The instructions of WebAssembly that kernels use, as functions. An expression is its encoding: a nested list of bytes in
// which operands stand before the operator, flattened once when a module is written. There is no optimiser in between, so
// what a kernel says is what the engine's compiler sees; block boundaries and instruction order are under control.
//
// Encodings: WebAssembly core specification, chapter 5 (binary format), with the SIMD, threads and relaxed SIMD proposals.

/** Bytes, nested in any way. */
export type Code = number | readonly Code[];

/** A value type's encoding. */
export const type = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = (typeof type)[keyof typeof type];

/** LEB128 of an unsigned integer below 2^32. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 127;
    rest >>>= 7;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return bytes;
}

/** LEB128 of a signed 32-bit integer. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    const last = (rest === 0 && !(low & 64)) || (rest === -1 && low & 64);
    bytes.push(last ? low : low | 128);
    if (last) return bytes;
  }
}

const bytesOf = (values: Float32Array | Float64Array | Int32Array): number[] => [...new Uint8Array(values.buffer)];
const f32Bytes = (value: number): number[] => bytesOf(Float32Array.of(value));
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

const unary =
  (opcode: Code) =>
  (a: Code): Code => [a, opcode];
const binary =
  (opcode: Code) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const ternary =
  (opcode: Code) =>
  (a: Code, b: Code, c: Code): Code => [a, b, c, opcode];
/** An address expression plus a constant offset of at least 0; `alignment` is log2 of bytes. */
const load =
  (opcode: Code, alignment: number) =>
  (pointer: Code, offset = 0): Code => [pointer, opcode, alignment, unsigned(offset)];
const store =
  (opcode: Code, alignment: number) =>
  (pointer: Code, value: Code, offset = 0): Code => [pointer, value, opcode, alignment, unsigned(offset)];

export const constI32 = (value: number): Code => [0x41, signed(value)];
/** A plain number stands for an i32 constant in the arithmetic of addresses and counters. */
const int = (value: Code | number): Code => (typeof value === 'number' ? constI32(value) : value);
const intBinary =
  (opcode: number) =>
  (a: Code | number, b: Code | number): Code => [int(a), int(b), opcode];

export const i32 = {
  const: constI32,
  load: load(0x28, 2),
  store: store(0x36, 2),
  eqz: unary(0x45),
  eq: intBinary(0x46),
  ne: intBinary(0x47),
  ltS: intBinary(0x48),
  ltU: intBinary(0x49),
  gtS: intBinary(0x4a),
  geU: intBinary(0x4f),
  add: (first: Code | number, ...others: readonly (Code | number)[]): Code =>
    others.reduce<Code>((sum, term) => [sum, int(term), 0x6a], int(first)),
  sub: intBinary(0x6b),
  mul: intBinary(0x6c),
  divU: intBinary(0x6e),
  remU: intBinary(0x70),
  and: intBinary(0x71),
  xor: intBinary(0x73),
  shl: intBinary(0x74),
  shrU: intBinary(0x76),
};

export const i64 = {
  const: (value: number): Code => [0x42, signed(value)],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  shl: binary(0x86),
  shrU: binary(0x88),
  extendU: unary(0xad),
  wrap: unary(0xa7),
  truncateF64S: unary(0xb0),
  reinterpretF64: unary(0xbd),
};

export const f32 = {
  const: (value: number): Code => [0x43, f32Bytes(value)],
  load: load(0x2a, 2),
  store: store(0x38, 2),
  demote: unary(0xb6),
};

export const f64 = {
  const: (value: number): Code => [0x44, bytesOf(Float64Array.of(value))],
  ne: binary(0x62),
  lt: binary(0x63),
  gt: binary(0x64),
  abs: unary(0x99),
  neg: unary(0x9a),
  nearest: unary(0x9e),
  add: binary(0xa0),
  sub: binary(0xa1),
  mul: binary(0xa2),
  div: binary(0xa3),
  max: binary(0xa5),
  convertI64S: unary(0xb9),
  promote: unary(0xbb),
  reinterpretI64: unary(0xbf),
};

/** Four numbers, or one four times. */
type Lanes = [number] | [number, number, number, number];
const allLanes = (lanes: Lanes): number[] => (lanes.length === 1 ? Array<number>(4).fill(lanes[0]) : lanes);

export const v128 = {
  load: load(simd(0), 4),
  /** V8 doesn't fold an offset into a splatting load: add it to the pointer, which this does. */
  load32Splat: (pointer: Code, offset = 0): Code => [offset ? i32.add(pointer, offset) : pointer, simd(9), 2, 0],
  store: store(simd(11), 4),
  and: binary(simd(0x4e)),
  andnot: binary(simd(0x4f)),
  or: binary(simd(0x50)),
  /** Bits of a where the mask is 1, of b where it is 0. */
  select: (mask: Code, a: Code, b: Code): Code => [a, b, mask, simd(0x52)],
};

export const f32x4 = {
  const: (...lanes: Lanes): Code => [simd(12), bytesOf(Float32Array.from(allLanes(lanes)))],
  splat: unary(simd(0x13)),
  lane: (a: Code, index: number): Code => [a, simd(0x1f), index],
  /** Lanes 0-3 are a's, 4-7 are b's. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    a,
    b,
    simd(13),
    lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
  eq: binary(simd(0x41)),
  ne: binary(simd(0x42)),
  lt: binary(simd(0x43)),
  gt: binary(simd(0x44)),
  nearest: unary(simd(0x6a)),
  abs: unary(simd(0xe0)),
  neg: unary(simd(0xe1)),
  sqrt: unary(simd(0xe3)),
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  /** NaN where either is NaN. */
  max: binary(simd(0xe9)),
  /** b < a ? b : a */
  pmin: binary(simd(0xea)),
  /** a < b ? b : a */
  pmax: binary(simd(0xeb)),
  truncate: unary(simd(0xf8)),
  demoteF64Zero: unary(simd(0x5e)),
  relaxedMadd: ternary(simd(0x105)),
  relaxedNmadd: ternary(simd(0x106)),
};

export const f64x2 = {
  const: (value: number): Code => [simd(12), bytesOf(Float64Array.of(value, value))],
  add: binary(simd(0xf0)),
  sub: binary(simd(0xf1)),
  mul: binary(simd(0xf2)),
  max: binary(simd(0xf5)),
  /** Lanes 0 and 1 of four floats. */
  promoteLow: unary(simd(0x5f)),
};

export const i32x4 = {
  const: (...lanes: Lanes): Code => [simd(12), bytesOf(Int32Array.from(allLanes(lanes)))],
  splat: unary(simd(0x11)),
  lane: (a: Code, index: number): Code => [a, simd(0x1b), index],
  shl: (a: Code, bits: number): Code => [a, constI32(bits), simd(0xab)],
  shrS: (a: Code, bits: number): Code => [a, constI32(bits), simd(0xac)],
  replaceLane: (a: Code, index: number, value: Code): Code => [a, value, simd(0x1c), index],
  add: binary(simd(0xae)),
  sub: binary(simd(0xb1)),
};

/** Sequentially consistent, on shared memory. */
export const atomic = {
  load: (pointer: Code): Code => [pointer, 0xfe, 0x10, 2, 0],
  store: (pointer: Code, value: Code): Code => [pointer, value, 0xfe, 0x17, 2, 0],
  /** Returns the value before. */
  add: (pointer: Code, value: Code): Code => [pointer, value, 0xfe, 0x1e, 2, 0],
  /** Sleeps while memory holds `expected`. Gives 0 when it was woken, 1 when memory held something else, 2 when the time was over. */
  wait: (pointer: Code, expected: Code, nanoseconds: Code): Code => [pointer, expected, nanoseconds, 0xfe, 0x01, 2, 0],
  notify: (pointer: Code, count: Code): Code => [pointer, count, 0xfe, 0x00, 2, 0],
};

export const drop = (value: Code): Code => [value, 0x1a];
export const select = (condition: Code, whenTrue: Code, whenFalse: Code): Code => [
  whenTrue,
  whenFalse,
  condition,
  0x1b,
];
