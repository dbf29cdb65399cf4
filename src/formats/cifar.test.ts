import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { readCifar } from './cifar.ts';

/** A record written out from the format's description; pixel (row, column) of channel c is (row + 2 * column + 50 * c). */
function record(...labels: number[]): number[] {
  const bytes = [...labels];
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < 32; row++) {
      for (let column = 0; column < 32; column++) bytes.push(row + 2 * column + 50 * channel);
    }
  }
  return bytes;
}

describe('readCifar', () => {
  it('reads several files of CIFAR-10 as one, with the channels of a pixel side by side', () => {
    const first = Uint8Array.from([...record(3), ...record(9)]);
    const { length, labels, images } = readCifar([first, Uint8Array.from(record(1))], ['a', 'b'], 1);
    expect(length).toBe(3);
    expect(labels).toEqual([Uint8Array.of(3, 9, 1)]);
    expect(images.length).toBe(3 * 3072);
    const at = (image: number, row: number, column: number) => 3072 * image + 3 * (32 * row + column);
    for (const image of [0, 1, 2]) {
      expect([...images.subarray(at(image, 0, 0), at(image, 0, 0) + 3)]).toEqual([0, 50, 100]);
      expect([...images.subarray(at(image, 5, 31), at(image, 5, 31) + 3)]).toEqual([67, 117, 167]);
    }
  });

  it("reads both labels of CIFAR-100's records, the coarse one first", () => {
    const { labels } = readCifar([Uint8Array.from([...record(4, 0), ...record(19, 99)])], ['train.bin'], 2);
    expect(labels).toEqual([Uint8Array.of(4, 19), Uint8Array.of(0, 99)]);
  });

  it('refuses what is no whole number of records, and says which file', () => {
    const whole = Uint8Array.from(record(1));
    const read = (bytes: Uint8Array) => () => readCifar([whole, bytes], ['one.bin', 'two.bin'], 1);
    expect(read(new Uint8Array(0))).toThrow('two.bin: expected records of 3073 bytes');
    expect(read(whole.subarray(1))).toThrow('found 3072 bytes');
  });

  it('reads or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 7000 }), fc.constantFrom(1, 2), (bytes, labelBytes) => {
        try {
          expect(readCifar([bytes], ['x'], labelBytes).length * (3072 + labelBytes)).toBe(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ResiduaError);
        }
      }),
      { numRuns: 50 },
    );
  });
});
