// A PNG file before it is decoded: whether it is whole (chunks one behind the other, each with a right checksum, up to IEND),
// and only those of its chunks that make the picture. What else there is (profiles, texts, animation) may be compressed to a
// thousandth of its size, and no decoder shall unpack it.
//
//   signature | length, type, data, crc | length, type, data, crc | ... | 0, 'IEND', crc

import { ResiduaError } from '../errors.ts';

const SIGNATURE = 8;
const essential = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

/** Of a pixel, by colour type: grey, -, colours, palette, grey and alpha, -, colours and alpha. */
const samples = [1, 0, 3, 1, 2, 0, 4];

/**
 * @param bytes the whole file, whose header has been read
 * @param crc32 of bytes, as in zlib
 * @returns a PNG file of the same picture
 * @throws ResiduaError that says where the file is damaged, or that it holds more pixels than it says
 */
export function essentialPng(bytes: Uint8Array, source: string, crc32: (bytes: Uint8Array) => number): Uint8Array {
  const fail = (what: string) =>
    new ResiduaError(`${source}: the picture is damaged: ${what}`, { hint: 'Get the file again, or remove it.' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [bytes.subarray(0, SIGNATURE)];
  let compressed = 0;
  for (let at = SIGNATURE; ; ) {
    if (at + 12 > bytes.length) throw fail(`it is cut short after ${bytes.length} bytes`);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw fail(`byte ${at} begins no chunk`);
    if (end > bytes.length) throw fail(`${type} is cut short after ${bytes.length - at - 8} of ${length} bytes`);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) throw fail(`${type} has a wrong checksum`);
    if (essential.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IDAT') compressed += length;
    if (type === 'IEND') break;
    at = end;
  }
  if (compressed > mostCompressed(view)) throw fail(`its pixels take ${compressed} bytes, more than uncompressed ones`);
  return concatenate(kept);
}

/** Nobody compresses pixels to more than what they are; twice that, and room for small ones, bounds what comes out. */
function mostCompressed(view: DataView): number {
  const [width, height, depth, colourType] = [
    view.getUint32(16),
    view.getUint32(20),
    view.getUint8(24),
    view.getUint8(25),
  ];
  const row = 1 + Math.ceil((width * depth * (samples[colourType] ?? 0)) / 8);
  return 2 * row * height + 65_536;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
