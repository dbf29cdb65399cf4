// The records of a zip archive that stores them as they are, as torch.save does: each is a view of the archive, checked by
// its CRC when it is read. Compressed records are refused, so no archive can hold more than it has bytes.

import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';

export interface ZipRecords {
  readonly names: ReadonlySet<string>;
  /** Once for each record. @throws ResiduaError when there is no such record, or its checksum is wrong */
  read(name: string): Promise<Uint8Array>;
}

/** Of a large network's file: two or three records a layer. */
const MAX_RECORDS = 1_000_000;

/**
 * @param source how to call the file in errors
 * @throws ResiduaError when the archive is damaged
 */
export async function openZip(bytes: Uint8Array, source: string): Promise<ZipRecords> {
  const fail = (message: string, cause?: unknown) =>
    new ResiduaError(`${source}: ${message}`, { hint: 'The file is damaged: get it again.', cause });
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, Entry>();
  let zip: ZipFile;
  try {
    zip = await fromBufferPromise(archive, { autoClose: false, lazyEntries: true });
    if (zip.entryCount > MAX_RECORDS) throw new Error(`${zip.entryCount} records are too many`);
    for await (const entry of zip.eachEntry()) {
      if (entries.has(entry.fileName)) throw new Error(`the record ${printable(entry.fileName)} is there twice`);
      entries.set(entry.fileName, entry);
    }
  } catch (error) {
    throw fail(`the zip archive is damaged or cut short (${(error as Error).message})`, error);
  }
  // Records that lie over each other would let a small archive unfold to a large one.
  let unread = archive.length;
  return {
    names: new Set(entries.keys()),
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw fail(`the record ${printable(name)} is missing`);
      if (entry.compressionMethod !== 0) {
        throw new ResiduaError(`${source}: the record ${printable(name)} is compressed, which torch.save never does`, {
          hint: 'Pack the archive again without compression, or save the file again with torch.save.',
        });
      }
      let begin: number;
      try {
        begin = (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
      } catch (error) {
        throw fail(`the record ${printable(name)} is damaged (${(error as Error).message})`, error);
      }
      const end = begin + entry.uncompressedSize;
      if (end > archive.length)
        throw fail(`the record ${printable(name)} ends at byte ${end}, but the file at ${archive.length}`);
      const record = archive.subarray(begin, end);
      unread -= record.length;
      if (unread < 0) throw fail('its records overlap');
      if (crc32(record) !== entry.crc32) throw fail(`the record ${printable(name)} is damaged: its checksum is wrong`);
      return record;
    },
  };
}
