import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { readSafetensors, type SafeTensor, writeSafetensors } from './safetensors.ts';

/** A file put together by hand. */
function fileOf(header: string, data: Uint8Array | number[] = [], length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}
const read = (header: string, data: Uint8Array | number[] = []) =>
  readSafetensors(fileOf(header, data), 'x.st').tensors;
const tensor = (dtype: string, shape: string, begin: number, end: number) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
const golden = new URL('../../test/golden/', import.meta.url);
const goldenFiles = readdirSync(golden).filter((name) => name.endsWith('.safetensors'));
const readGolden = (name: string) => readSafetensors(readFileSync(new URL(name, golden)), name);

describe('reading files that Python wrote from PyTorch tensors', () => {
  it('finds the tensors of a linear layer, and they fit together', () => {
    const { tensors } = readGolden('op-linear.safetensors');
    expect([...tensors.keys()].slice(0, 4)).toEqual(['in.x', 'in.weight', 'in.bias', 'out']);
    const [x, weight, bias, out] = [...tensors.values()].map(({ data }) => data as Float32Array);
    expect(tensors.get('in.weight')).toMatchObject({ dtype: 'F32', shape: [10, 64] });
    let sum = bias[3];
    for (let i = 0; i < 64; i++) sum += x[2 * 64 + i] * weight[3 * 64 + i];
    expect(out[2 * 10 + 3]).toBeCloseTo(sum, 4);
  });

  it('reads the metadata', () => {
    expect(readGolden('train10-adam.safetensors').metadata.get('model')).toBe('ResNet(ResidualBlock,[1,1,1])');
  });

  it('reads all of them, and what is written from them holds the same', () => {
    expect(goldenFiles.length).toBeGreaterThan(30);
    for (const name of goldenFiles) {
      const { tensors, metadata } = readGolden(name);
      const again = readSafetensors(writeSafetensors(tensors, metadata), name);
      expect([...again.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
      for (const [key, { dtype, shape, data }] of tensors) {
        const copy = again.tensors.get(key)!;
        expect([copy.dtype, copy.shape]).toEqual([dtype, shape]);
        expect(Buffer.compare(Buffer.from(copy.data.buffer), Buffer.from(data.buffer))).toBe(0);
      }
      expect(again.metadata).toEqual(metadata);
    }
  });
});

describe('reading each element type', () => {
  const one = (dtype: string, bytes: number[]) =>
    read(`{"t":${tensor(dtype, `[${bytes.length / sizes[dtype]}]`, 0, bytes.length)}}`, bytes).get('t')!.data;
  const sizes: Record<string, number> = {
    F64: 8,
    F32: 4,
    F16: 2,
    BF16: 2,
    I64: 8,
    I32: 4,
    I16: 2,
    I8: 1,
    U8: 1,
    BOOL: 1,
  };

  it('gives integers of both signs', () => {
    expect(one('I64', [254, 255, 255, 255, 255, 255, 255, 255])).toEqual(BigInt64Array.of(-2n));
    expect(one('I32', [0, 0, 0, 128])).toEqual(Int32Array.of(-(2 ** 31)));
    expect(one('I16', [1, 2])).toEqual(Int16Array.of(513));
    expect(one('I8', [255, 127])).toEqual(Int8Array.of(-1, 127));
    expect(one('U8', [255])).toEqual(Uint8Array.of(255));
    expect(one('BOOL', [0, 1])).toEqual(Uint8Array.of(0, 1));
  });

  it('gives floats, the short ones widened', () => {
    expect(one('F64', [0, 0, 0, 0, 0, 0, 248, 63])).toEqual(Float64Array.of(1.5));
    expect(one('F32', [0, 0, 192, 191])).toEqual(Float32Array.of(-1.5));
    expect(one('BF16', [0xc0, 0x3f, 0x80, 0xff])).toEqual(Float32Array.of(1.5, Number.NEGATIVE_INFINITY));
  });

  it('knows the binary16 values of the standard', () => {
    // From the table of examples in Wikipedia's article on the format.
    const halves = [0x0001, 0x03ff, 0x0400, 0x3555, 0x3bff, 0x3c00, 0x7bff, 0x7c00, 0x8000, 0xc000, 0x7e00];
    const values = [
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      0.333251953125,
      0.99951171875,
      1,
      65504,
      Infinity,
      -0,
      -2,
      Number.NaN,
    ];
    expect(
      one(
        'F16',
        halves.flatMap((half) => [half & 255, half >> 8]),
      ),
    ).toEqual(Float32Array.from(values));
  });
});

describe('writing', () => {
  it('gives the bytes of the test in the reference implementation', () => {
    const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    const data = [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64];
    const attn: SafeTensor = { dtype: 'F32', shape: [1, 2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) };
    expect(writeSafetensors([['attn.0', attn]])).toEqual(fileOf(header, data));
  });

  it('does not depend on the order given, and aligns every tensor', () => {
    const u8: SafeTensor = { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) };
    const f32: SafeTensor = { dtype: 'F32', shape: [], data: Float32Array.of(7) };
    const i64: SafeTensor = { dtype: 'I64', shape: [1], data: BigInt64Array.of(-1n) };
    const file = writeSafetensors(
      [
        ['a', u8],
        ['c', f32],
        ['b', f32],
        ['d', i64],
      ],
      [
        ['y', '1'],
        ['x', '2'],
      ],
    );
    expect(
      writeSafetensors(
        [
          ['d', i64],
          ['b', f32],
          ['c', f32],
          ['a', u8],
        ],
        [
          ['x', '2'],
          ['y', '1'],
        ],
      ),
    ).toEqual(file);
    const text = new TextDecoder().decode(file.subarray(8));
    expect(text).toMatch(/^\{"__metadata__":\{"x":"2","y":"1"\},"d":.*"b":.*"c":.*"a":/);
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it.each<[string, SafeTensor, string]>([
    ['t', { dtype: 'F32', shape: [2, 2], data: new Float32Array(3) }, "'t': shape [2, 2] has 4 elements, found 3"],
    ['t', { dtype: 'F16', shape: [1], data: new Float32Array(1) }, 'F16 cannot be written'],
    [
      't',
      { dtype: 'I32', shape: [1], data: new Float32Array(1) as never },
      'I32 needs a Int32Array, found Float32Array',
    ],
    ['__metadata__', { dtype: 'F32', shape: [1], data: new Float32Array(1) }, 'reserved'],
  ])('refuses tensor %s, which would be read as something else', (name, value, message) => {
    expect(() => writeSafetensors([[name, value]])).toThrow(message);
  });
});

describe('a file that is not what it claims', () => {
  const u8 = (shape: string, begin: number, end: number) => tensor('U8', shape, begin, end);
  it.each<[string, Uint8Array, string]>([
    ['is empty', new Uint8Array(0), 'x.st: a safetensors file has at least 8 bytes, found 0'],
    ['announces too long a header', fileOf('{}', [], 2n ** 63n), 'at most 100000000 are allowed'],
    ['ends within the header', fileOf('{}', [], 3n), 'the header needs 11 bytes, found 10: it is cut short'],
    ['has a header that is no JSON', fileOf('{"a":'), 'the header is not JSON in UTF-8'],
    ['has a header that is no UTF-8', fileOf('{"a":1}').fill(0xff, 10, 11), 'not JSON in UTF-8'],
    ['has a list for a header', fileOf('[]'), 'the header must be a JSON object'],
    ['has a number for a tensor', fileOf('{"a":1}'), "tensor 'a' must be a JSON object"],
    ['has metadata other than text', fileOf('{"__metadata__":{"a":1}}'), '__metadata__.a must be a string'],
    ['has an unknown dtype', fileOf(`{"a":${tensor('F8_E4M3', '[1]', 0, 1)}}`, [0]), 'found "F8_E4M3"'],
    [
      'has a dtype named like a method',
      fileOf(`{"a":${tensor('toString', '[1]', 0, 1)}}`, [0]),
      'dtype must be one of',
    ],
    ['has a negative shape', fileOf(`{"a":${u8('[-1]', 0, 1)}}`, [0]), 'shape must be a list of integers >= 0'],
    ['has a fractional shape', fileOf(`{"a":${u8('[1.5]', 0, 1)}}`, [0]), 'shape must be a list'],
    ['has a shape that overflows', fileOf(`{"a":${u8('[4294967296,4294967296]', 0, 0)}}`), 'too large to be real'],
    [
      'has another size than its shape',
      fileOf(`{"a":${u8('[2]', 0, 1)}}`, [0]),
      'takes 2 bytes, but data_offsets give it 1',
    ],
    ['has an end before a beginning', fileOf(`{"a":${u8('[1]', 1, 0)}}`, [0]), 'data_offsets must be [begin, end]'],
    ['has a gap', fileOf(`{"a":${u8('[1]', 0, 1)},"b":${u8('[1]', 2, 3)}}`, [0, 0, 0]), 'there is a gap'],
    ['has an overlap', fileOf(`{"a":${u8('[2]', 0, 2)},"b":${u8('[2]', 1, 3)}}`, [0, 0, 0]), 'it overlaps another'],
    [
      'ends within the data',
      fileOf(`{"a":${u8('[4]', 0, 4)}}`, [0]),
      'the tensors take 4 bytes, found 1: it is cut short',
    ],
    ['goes on after the data', fileOf(`{"a":${u8('[1]', 0, 1)}}`, [0, 0]), 'something follows the tensors'],
    ['has a tensor twice', fileOf(`{"a":${u8('[0]', 0, 0)}, "\\u0061" :${u8('[0]', 0, 0)}}`), "the name 'a' twice"],
  ])('is refused when it %s', (_, file, message) => {
    expect(() => readSafetensors(file, 'x.st')).toThrow(ResiduaError);
    expect(() => readSafetensors(file, 'x.st')).toThrow(message);
  });

  it('may call a tensor __proto__', () => {
    const tensors = read(`{"__proto__":${u8('[1]', 0, 1)},"constructor":${u8('[1]', 1, 2)}}`, [5, 6]);
    expect([...tensors.keys()]).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(readSafetensors(writeSafetensors(tensors), 'again').tensors).toEqual(tensors);
  });
});

it('repeats little of what a malformed file says, and nothing that a terminal would obey', () => {
  const long = 'x'.repeat(100_000);
  const message = (header: string) => {
    try {
      read(header);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  expect(message(`{"${long}":{"dtype":"F32","shape":[],"data_offsets":[0,3]}}`)).toMatch(
    /^x.st: tensor 'x{400,500}\.\.\.$/,
  );
  expect(message('{"\\u001b[31m":{"dtype":"F9","shape":[],"data_offsets":[0,4]}}')).toContain("tensor '?[31m'");
});

describe('for any content', () => {
  const arrays = fc.oneof(
    fc.float32Array().map((data) => ({ dtype: 'F32' as const, data })),
    fc.float64Array().map((data) => ({ dtype: 'F64' as const, data })),
    fc.int32Array().map((data) => ({ dtype: 'I32' as const, data })),
    fc.bigInt64Array().map((data) => ({ dtype: 'I64' as const, data })),
    fc.uint8Array().map((data) => ({ dtype: 'U8' as const, data })),
  );
  const contents = fc.dictionary(
    fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__'),
    arrays.map((array) => ({ ...array, shape: [array.data.length] }) as SafeTensor),
  );
  const texts = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }));

  it('reading gives back what was written', () => {
    fc.assert(
      fc.property(contents, texts, (tensors, metadata) => {
        const file = readSafetensors(writeSafetensors(Object.entries(tensors), Object.entries(metadata)), 'x');
        expect(new Map([...file.tensors].sort())).toEqual(new Map(Object.entries(tensors).sort()));
        expect(file.metadata).toEqual(new Map(Object.entries(metadata).sort()));
      }),
    );
  });

  it('damage gives a ResiduaError or a valid result, and nothing else', () => {
    const damage = fc.record({
      cut: fc.nat(),
      flips: fc.array(fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) })),
    });
    fc.assert(
      fc.property(contents, damage, (tensors, { cut, flips }) => {
        const whole = writeSafetensors(Object.entries(tensors));
        const file = flips.length % 2 === 0 ? whole.slice(0, cut % (whole.length + 1)) : whole;
        for (const { at, bits } of flips) if (file.length > 0) file[at % Math.min(file.length, 200)] ^= bits;
        try {
          for (const { shape, data } of readSafetensors(file, 'x').tensors.values()) {
            expect(shape.reduce((a, b) => a * b, 1)).toBe(data.length);
          }
        } catch (error) {
          if (!(error instanceof ResiduaError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
