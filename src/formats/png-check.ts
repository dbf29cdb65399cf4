// Whether a PNG file is whole: chunks one behind the other, each with a right checksum, up to IEND. The decoder would find
// out as well, but could not say what is wrong.
//
//   signature | length, type, data, crc | length, type, data, crc | ... | 0, 'IEND', crc

import { ResiduaError } from '../errors.ts';

/**
 * @param crc32 of bytes, as in zlib
 * @throws ResiduaError that says where the file is damaged
 */
export function checkPng(bytes: Uint8Array, source: string, crc32: (bytes: Uint8Array) => number): void {
  const fail = (what: string) =>
    new ResiduaError(`${source}: the picture is damaged: ${what}`, { hint: 'Get the file again, or remove it.' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw fail(`it is cut short after ${bytes.length} bytes`);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw fail(`byte ${at} begins no chunk`);
    if (end > bytes.length) throw fail(`${type} is cut short after ${bytes.length - at - 8} of ${length} bytes`);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) throw fail(`${type} has a wrong checksum`);
    if (type === 'IEND') return;
    at = end;
  }
}
