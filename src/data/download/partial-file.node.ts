// A file on its way: what has arrived of it lies beside its final place as NAME.part, and takes the final name in one step
// when it is whole. It outlives failures and killed processes, so that the next attempt goes on instead of beginning again.
// Its owner holds NAME.lock: nobody else writes.

import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cannotWrite, syncFolder } from '../../files/write-atomically.node.ts';

const PIECE = 2 ** 20;

const partOf = (final: string): string => `${final}.part`;

/** Bytes that have arrived of a file, whoever has fetched them. */
export async function receivedOf(final: string): Promise<number> {
  return stat(partOf(final)).then(
    ({ size }) => size,
    () => 0,
  );
}

export class PartialFile {
  readonly #final: string;
  readonly #handle: FileHandle;
  #size = 0;
  #hash: Hash = createHash('md5');

  private constructor(final: string, handle: FileHandle) {
    this.#final = final;
    this.#handle = handle;
  }

  /**
   * Goes on with what an earlier download left, or begins an empty one.
   * @param final where the file will be; its folder exists
   * @param total bytes that it will have
   * @throws WriteError where the folder can't be written, or has no room for the rest
   */
  static async open(final: string, total: number): Promise<PartialFile> {
    try {
      const partial = new PartialFile(final, await open(partOf(final), 'a+'));
      try {
        await partial.#readWhatIsThere();
        await partial.#checkRoom(total);
      } catch (error) {
        await partial.close();
        throw error;
      }
      return partial;
    } catch (error) {
      throw cannotWrite(final, error);
    }
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  async append(piece: Uint8Array): Promise<void> {
    try {
      await this.#handle.appendFile(piece);
    } catch (error) {
      throw cannotWrite(this.#final, error);
    }
    this.#hash.update(piece);
    this.#size += piece.length;
  }

  /** Begins again, with no bytes. */
  async reset(): Promise<void> {
    await this.#handle.truncate(0).catch((error) => {
      throw cannotWrite(this.#final, error);
    });
    this.#hash = createHash('md5');
    this.#size = 0;
  }

  /** Of the bytes so far, in hexadecimal. */
  md5(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Gives the file its final name, once its bytes are on the disk. */
  async finish(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(partOf(this.#final), this.#final);
      await syncFolder(dirname(this.#final));
    } catch (error) {
      throw cannotWrite(this.#final, error);
    }
  }

  /** Leaves what has arrived to whoever wants to go on; nothing, where nothing has. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {}); // what ended the download is the error to report
    if (this.#size === 0) await rm(partOf(this.#final), { force: true }).catch(() => {});
  }

  async #readWhatIsThere(): Promise<void> {
    const buffer = new Uint8Array(PIECE);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, PIECE, this.#size);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#size += bytesRead;
    }
  }

  async #checkRoom(total: number): Promise<void> {
    const { blocks, bavail, bsize } = await statfs(dirname(this.#final));
    const [free, needed] = [bavail * bsize, total - this.#size];
    if (blocks === 0 || free >= needed) return; // some network file systems say 0 for everything
    const message = `${needed} bytes are still to come, and the disk has room for ${free}`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }
}
