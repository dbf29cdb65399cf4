// A checksum that a safetensors file carries in its own metadata: SHA-256 over the whole file, where the 64 digits of the
// checksum itself count as zeros. So every other byte is covered, the header's too, and the file stays an ordinary one.
//
//   {"__metadata__":{"sha256":"0000...0000", ...   written first, and what is hashed
//   {"__metadata__":{"sha256":"9f3c...41aa", ...   then filled in

const KEY = 'sha256';
const DIGITS = 64;
/** It can't be found within a text of the metadata, where JSON would escape its quotation marks. */
const BEFORE = `"${KEY}":"`;

/** The entry of the metadata that a file needs for `seal`. */
export const checksumPlace: readonly [string, string] = [KEY, '0'.repeat(DIGITS)];

/** Fills the checksum in. */
export async function seal(file: Uint8Array<ArrayBuffer>): Promise<void> {
  const place = placeOf(file);
  if (place === undefined) throw new Error('the file has no place for a checksum');
  place.set(new TextEncoder().encode(await sha256(file)));
}

/** damaged: something changed since it was sealed. absent: it never was, or the checksum itself is what was lost. */
export async function checkSeal(file: Uint8Array): Promise<'intact' | 'damaged' | 'absent'> {
  const copy = file.slice();
  const place = placeOf(copy);
  if (place === undefined) return 'absent';
  const found = new TextDecoder('latin1').decode(place);
  place.fill('0'.charCodeAt(0));
  return (await sha256(copy)) === found ? 'intact' : 'damaged';
}

/** The digits, as part of the file's memory. */
function placeOf(file: Uint8Array<ArrayBuffer>): Uint8Array | undefined {
  if (file.length < 8) return undefined;
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  // One character a byte, so that places in the text are places in the file.
  const header = new TextDecoder('latin1').decode(file.subarray(8, Math.min(8 + headerLength, file.length)));
  const at = header.indexOf(BEFORE);
  if (at < 0) return undefined;
  const begin = 8 + at + BEFORE.length;
  return begin + DIGITS <= file.length ? file.subarray(begin, begin + DIGITS) : undefined;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
