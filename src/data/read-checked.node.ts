// Reading files of a data set with all that is known of them checked: decompressed, of the right size, with the right
// checksum. An archive is read as a stream and never unpacked to disk; of its members only those asked for are kept, and no
// more bytes of one than it may have.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable, pipeline as startPipeline, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { ResiduaError } from '../errors.ts';
import type { DataFile, DatasetDescription, Split } from './catalog/description.ts';

export interface CheckedFile {
  readonly bytes: Uint8Array;
  /** How to call it in errors. */
  readonly source: string;
}

/** Whose the files are: what to do about a wrong one depends on it. */
export type Owner = 'user' | 'cache';

/** The decompressed bytes of files, of the right size and (where it is known) checksum. */
export function readCheckedFiles(
  paths: readonly string[],
  description: DatasetDescription,
  split: Split,
  owner: Owner,
): Promise<CheckedFile[]> {
  // CIFAR's format says how many images there are; a user may have made files of other sizes.
  const anySize = description.format.name === 'cifar' && owner === 'user';
  return Promise.all(
    description.splits[split].files.map(async (file, i) => {
      return { bytes: await readChecked(file, paths[i], owner, anySize), source: paths[i] };
    }),
  );
}

async function readChecked(file: DataFile, path: string, owner: Owner, anySize: boolean): Promise<Uint8Array> {
  const hint =
    owner === 'cache'
      ? `Delete ${path} and run again: another copy is looked for, or downloaded.`
      : `Put a right copy at ${path}, or name no folder to have it downloaded.`;
  const fail = (message: string, cause?: unknown) => new ResiduaError(`${path}: ${message}`, { hint, cause });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await decompress(bytes, { maxOutputLength: file.size });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw fail(`expected ${file.size} bytes after decompression, found more`, error);
      }
      throw fail(`the compressed file is damaged or cut short (${(error as Error).message})`, error);
    }
  }
  if (bytes.length !== file.size && !anySize) throw fail(`expected ${file.size} bytes, found ${bytes.length}`);
  if (file.md5 !== undefined) {
    const md5 = createHash('md5').update(bytes).digest('hex');
    if (md5 !== file.md5) throw fail(`expected md5 ${file.md5}, found ${md5}: the file is damaged or another`);
  }
  return bytes;
}

const decompress = promisify(gunzip);

/** The files of a split out of their .tar.gz, whose own checksum is compared with the published one. */
export async function readArchive(path: string, description: DatasetDescription, split: Split): Promise<CheckedFile[]> {
  const { archive, splits } = description;
  const hint = `Delete ${path} and run again to have it downloaded, or put a right copy there.`;
  const fail = (message: string, cause?: unknown) => new ResiduaError(`${path}: ${message}`, { hint, cause });
  const { md5, size } = await hashOf(path);
  if (size !== archive!.size) throw fail(`expected ${archive!.size} bytes, found ${size}`);
  if (md5 !== archive!.md5) throw fail(`expected md5 ${archive!.md5}, found ${md5}: the file is damaged or another`);

  const wanted = new Map(splits[split].files.map((file) => [`${archive!.directory}/${file.name}`, file]));
  const found = new Map<string, Uint8Array>();
  try {
    const tar = atMost(unpackedLimit(description));
    startPipeline(createReadStream(path), createGunzip(), tar, () => {}); // its errors come out of the last one
    const members = await unpackTar(Readable.toWeb(tar) as ReadableStream<Uint8Array>, {
      strict: true,
      filter: ({ name, size, type }) => type === 'file' && wanted.get(name)?.size === size,
    });
    for (const { header, data } of members) if (data !== undefined) found.set(header.name, data);
  } catch (error) {
    throw fail(`cannot be unpacked (${(error as Error).message})`, error);
  }
  return Array.from(wanted, ([name, file]) => {
    const bytes = found.get(name);
    if (bytes === undefined) throw fail(`has no ${name} of ${file.size} bytes`);
    return { bytes, source: `${path}: ${name}` };
  });
}

/** Bytes of a data set's archive, unpacked: its files, and room for what else is in it, such as a page to read. */
function unpackedLimit({ splits }: DatasetDescription): number {
  const files = Object.values(splits).flatMap((split) => split.files);
  return files.reduce((sum, { size }) => sum + size, 2 ** 24);
}

/** Lets so many bytes through, and fails at the next: what is compressed may become a thousand times as much. */
function atMost(limit: number): Transform {
  let size = 0;
  return new Transform({
    transform(piece: Uint8Array, _, done) {
      size += piece.length;
      if (size > limit) done(new Error(`expected at most ${limit} bytes after decompression, found more`));
      else done(null, piece);
    },
  });
}

async function hashOf(path: string): Promise<{ md5: string; size: number }> {
  const hash = createHash('md5');
  let size = 0;
  const count = new Transform({
    transform(piece: Uint8Array, _, done) {
      size += piece.length;
      done(null, piece);
    },
  });
  try {
    await pipeline(createReadStream(path), count, hash);
  } catch (error) {
    throw unreadable(path, error);
  }
  return { md5: hash.digest('hex'), size };
}

function unreadable(path: string, error: unknown): ResiduaError {
  return new ResiduaError(`cannot read ${path}: ${(error as Error).message}`, {
    hint: 'Make the file readable, or name another folder.',
    cause: error,
  });
}
