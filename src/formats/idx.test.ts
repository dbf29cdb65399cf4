import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { readIdx } from './idx.ts';

// Written out by hand from the format's description: two images of 2 x 3.
const images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255];
const labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9];
const read = (bytes: number[], rank: 1 | 3) => readIdx(Uint8Array.from(bytes), 'some-file', rank);

describe('readIdx', () => {
  it('reads images and labels', () => {
    expect(read(images, 3).shape).toEqual([2, 2, 3]);
    expect([...read(images, 3).data]).toEqual(images.slice(16));
    expect(read(labels, 1)).toEqual({ shape: [3], data: Uint8Array.of(7, 0, 9) });
  });

  it('reads from the middle of a larger buffer', () => {
    const padded = Uint8Array.from([99, 99, 99, ...labels]).subarray(3);
    expect([...readIdx(padded, 'some-file', 1).data]).toEqual([7, 0, 9]);
  });

  it.each<[string, number[], 1 | 3, string]>([
    ['no bytes', [], 1, 'some-file: an IDX file has at least 4 bytes, found 0'],
    ['another format', [0x89, 0x50, 0x4e, 0x47], 3, 'starts with 0x00000803, found 0x89504e47'],
    ['gzip', [0x1f, 0x8b, 8, 0], 3, 'found gzip, expected IDX'],
    ['float32', [0, 0, 0x0d, 1, 0, 0, 0, 0], 1, 'expected elements of unsigned bytes (0x00000801), found float32'],
    ['labels for images', labels, 3, 'expected 3 dimension(s) (0x00000803), found 1 (0x00000801)'],
    ['a cut header', images.slice(0, 10), 3, 'the header takes 16 bytes, found 10'],
    ['a cut body', images.slice(0, -1), 3, 'shape [2, 2, 3] takes 28 bytes with the header, found 27: it is cut short'],
    ['a long body', [...labels, 1], 1, 'takes 11 bytes with the header, found 12: something follows the data'],
    ['absurd dimensions', [0, 0, 8, 3, ...Array(12).fill(255)], 3, 'it is cut short'],
  ])('refuses %s', (_, bytes, rank, message) => {
    expect(() => read(bytes, rank)).toThrow(ResiduaError);
    expect(() => read(bytes, rank)).toThrow(message);
  });

  it('reads or refuses any bytes behind a right beginning, without asking for memory', () => {
    const anything = fc.tuple(fc.constantFrom(1, 3), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(anything, ([rank, rest]) => {
        const bytes = Uint8Array.from([0, 0, 8, rank, ...rest]);
        try {
          const { shape, data } = readIdx(bytes, 'some-file', rank as 1 | 3);
          expect(shape.reduce((product, extent) => product * extent, 1)).toBe(data.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ResiduaError);
        }
      }),
    );
  });
});
