// One attempt to get the rest of a file over HTTP. Nothing that a server says is trusted: not its lengths, not its ranges, not
// its pace. Bytes count only once the checksum of all of them is right.

import type { PartialFile } from './partial-file.node.ts';

export interface RemoteFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly md5: string;
  /** Addresses of folders that hold the file, the preferred one first. */
  readonly mirrors: readonly string[];
}

export interface FetchOptions {
  readonly fetch: typeof fetch;
  /** Milliseconds in which something must arrive. */
  readonly timeout: number;
  readonly onReceived: (bytes: number) => void;
}

/** A mirror has answered, and asking it again would not help. */
export class WrongAnswer extends Error {}

/** Bytes a second below which a connection is given up: whoever sends less doesn't mean to send the file. */
const SLOWEST = 256;

/**
 * Asks for what is missing (RFC 9110, section 14: Range; section 13.1.5: If-Range) and appends it. Where a server answers with
 * something else than that range, the file begins again.
 * @param tags the ETag of each address as it last was: bytes of another version are not appended
 * @throws WrongAnswer where asking again won't help; WriteError where the disk refuses; Error where asking again may help
 */
export async function fetchRest(
  partial: PartialFile,
  file: RemoteFile,
  url: string,
  tags: Map<string, string>,
  { fetch, timeout, onReceived }: FetchOptions,
): Promise<void> {
  if (partial.size > file.size) await partial.reset();
  let allFromHere = partial.size === 0;
  if (partial.size < file.size) {
    let received = 0;
    const controller = new AbortController();
    const timer = watch(controller, timeout, () => received);
    try {
      onReceived(partial.size);
      const { signal } = controller;
      const response = await fetch(url, { signal, headers: headersFor(partial.size, tags.get(url)) });
      allFromHere = (await prepare(partial, file, response)) || allFromHere;
      const tag = response.headers.get('etag');
      if (tag !== null && !tag.startsWith('W/')) tags.set(url, tag); // a weak one does not promise the same bytes
      for await (const piece of response.body ?? []) {
        if (partial.size + piece.length > file.size) throw wrongSize(file, 'more');
        received += piece.length;
        await partial.append(piece);
        onReceived(partial.size);
      }
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearInterval(timer);
      controller.abort(); // ends a body that was not read to its end
    }
  }
  if (partial.size < file.size) throw new Error(`expected ${file.size} bytes, found ${partial.size}`);
  const md5 = partial.md5();
  if (md5 === file.md5) return;
  await partial.reset();
  const message = `expected md5 ${file.md5}, found ${md5}`;
  throw allFromHere ? new WrongAnswer(message) : new Error(message); // the wrong bytes may have been there before
}

function headersFor(from: number, tag: string | undefined): Record<string, string> {
  // Sizes, ranges and checksums are of the file as it is, not of an encoding of it.
  const whole = { 'accept-encoding': 'identity' };
  return from === 0 ? whole : { ...whole, range: `bytes=${from}-`, ...(tag !== undefined && { 'if-range': tag }) };
}

/** Checks all that can be known before the first byte. @returns whether the file begins again */
async function prepare(partial: PartialFile, file: RemoteFile, response: Response): Promise<boolean> {
  const { status, statusText, headers } = response;
  const answer = `HTTP ${status} ${statusText}`.trim();
  if (status === 416) {
    await partial.reset();
    throw new Error(answer);
  }
  if (status >= 500 || status === 408 || status === 429) throw new Error(answer);
  if (status !== 200 && status !== 206) throw new WrongAnswer(answer);
  if (headers.get('content-type')?.startsWith('text/html')) {
    throw new WrongAnswer('a web page instead of the file, as networks send that ask for a login');
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new WrongAnswer(`the file in the encoding ${encoding}, which was not asked for`);
  const restarts = status === 200 && partial.size > 0;
  if (restarts) await partial.reset();
  if (status === 206) await checkRange(partial, file, headers.get('content-range') ?? 'nothing');
  const length = headers.get('content-length');
  if (length !== null && Number(length) !== file.size - partial.size) {
    throw wrongSize(file, `${partial.size + Number(length)}`);
  }
  return restarts;
}

async function checkRange(partial: PartialFile, { size }: RemoteFile, found: string): Promise<void> {
  const [, first, total] = found.match(/^bytes (\d+)-\d+\/(\d+|\*)$/) ?? [];
  if (Number(first) === partial.size && (total === '*' || Number(total) === size)) return;
  const expected = `bytes from ${partial.size} on of ${size}`;
  await partial.reset();
  throw new Error(`expected ${expected}, found ${JSON.stringify(found.slice(0, 60))}`);
}

const wrongSize = ({ size }: RemoteFile, found: string) => new WrongAnswer(`expected ${size} bytes, found ${found}`);

/** Aborts when too little has come between two ticks. */
function watch(controller: AbortController, timeout: number, received: () => number): NodeJS.Timeout {
  const seconds = timeout / 1000;
  let before = 0;
  return setInterval(() => {
    const bytes = received() - before;
    before = received();
    if (bytes >= SLOWEST * seconds) return;
    const what = bytes === 0 ? `nothing received for ${seconds} s` : `only ${bytes} bytes received in ${seconds} s`;
    controller.abort(new Error(what));
  }, timeout);
}
