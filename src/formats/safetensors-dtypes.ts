// The element types of safetensors and how their bytes become typed arrays. Everything is little-endian, as are all
// processors that JavaScript engines run on. The two 16-bit float types have no typed array: they are widened to float32,
// which holds each of their values exactly, and are not written.

/** A named block of numbers; `data` has product(shape) elements, the last index running fastest. */
export type SafeTensor =
  | { readonly dtype: 'F64'; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly dtype: 'F32' | 'F16' | 'BF16'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I64'; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'I16'; readonly shape: readonly number[]; readonly data: Int16Array }
  | { readonly dtype: 'I8'; readonly shape: readonly number[]; readonly data: Int8Array }
  /** BOOL: one byte an element, 0 or 1. */
  | { readonly dtype: 'U8' | 'BOOL'; readonly shape: readonly number[]; readonly data: Uint8Array };

export type SafeDtype = SafeTensor['dtype'];

interface DtypeRule {
  /** Bytes an element. */
  readonly size: number;
  decode(bytes: ArrayBuffer): SafeTensor['data'];
  /** The typed array to be written, or undefined when this type is only read. */
  readonly array: (abstract new (...args: never[]) => SafeTensor['data']) | undefined;
}

/** In the order in which tensors are laid out in a file: large elements first, so that every tensor is aligned. */
export const dtypes: ReadonlyMap<string, DtypeRule> = new Map<SafeDtype, DtypeRule>([
  ['I64', { size: 8, array: BigInt64Array, decode: (bytes) => new BigInt64Array(bytes) }],
  ['F64', { size: 8, array: Float64Array, decode: (bytes) => new Float64Array(bytes) }],
  ['F32', { size: 4, array: Float32Array, decode: (bytes) => new Float32Array(bytes) }],
  ['I32', { size: 4, array: Int32Array, decode: (bytes) => new Int32Array(bytes) }],
  ['BF16', { size: 2, array: undefined, decode: (bytes) => widen(new Uint16Array(bytes), bfloat16Bits) }],
  ['F16', { size: 2, array: undefined, decode: (bytes) => widen(new Uint16Array(bytes), float16Bits) }],
  ['I16', { size: 2, array: Int16Array, decode: (bytes) => new Int16Array(bytes) }],
  ['I8', { size: 1, array: Int8Array, decode: (bytes) => new Int8Array(bytes) }],
  ['U8', { size: 1, array: Uint8Array, decode: (bytes) => new Uint8Array(bytes) }],
  ['BOOL', { size: 1, array: Uint8Array, decode: (bytes) => new Uint8Array(bytes) }],
]);

function widen(halves: Uint16Array, toFloat32Bits: (half: number) => number): Float32Array {
  const words = Uint32Array.from(halves, toFloat32Bits);
  return new Float32Array(words.buffer);
}

/** bfloat16 is the upper half of a float32. */
function bfloat16Bits(half: number): number {
  return half << 16;
}

/** IEEE binary16 (1 sign, 5 exponent, 10 fraction bits) as the bits of the equal binary32 (1, 8, 23). */
function float16Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  let fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13); // infinity or NaN
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // 112 = 127 - 15, the biases
  if (fraction === 0) return sign;
  // A subnormal, fraction * 2^-24: shift its leading one out to the hidden place.
  let shifts = 0;
  while ((fraction & 0x400) === 0) {
    fraction <<= 1;
    shifts++;
  }
  return sign | ((113 - shifts) << 23) | ((fraction & 0x3ff) << 13);
}
