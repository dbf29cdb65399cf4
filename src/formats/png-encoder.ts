// Writing PNG: one channel (grey) or three (colours), 8 bits each. Compression and checksum are given, since platforms have
// their own.
//
//   signature | IHDR: size, depth, colours | IDAT: zlib of the rows, each after its filter's number | IEND

import type { Image } from '../data/image.ts';

export interface PngTools {
  /** Compresses in zlib's format. */
  deflate(bytes: Uint8Array): Uint8Array;
  crc32(bytes: Uint8Array): number;
}

const GREY = 0;
const COLOUR = 2;

/** @param image in one or three channels */
export function encodePng({ width, height, channels, data }: Image, { deflate, crc32 }: PngTools): Uint8Array {
  if (channels !== 1 && channels !== 3) throw new RangeError(`a PNG has 1 or 3 channels here, found ${channels}`);
  const row = width * channels;
  // Every row begins with 0: no filter.
  const rows = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 1 ? GREY : COLOUR], 8);

  const chunk = (type: string, body: Uint8Array) => {
    const bytes = new Uint8Array(body.length + 12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, body.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(body, 8);
    view.setUint32(body.length + 8, crc32(bytes.subarray(4, body.length + 8)));
    return bytes;
  };
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [signature, chunk('IHDR', header), chunk('IDAT', deflate(rows)), chunk('IEND', new Uint8Array(0))];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    file.set(part, at);
    return at + part.length;
  }, 0);
  return file;
}
