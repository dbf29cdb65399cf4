// Answers with much: a file, or bytes that are kept. A file is opened before anything is said of it, so that its length is that of what is sent, also where
// another process replaces it meanwhile.

import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { reportHeaders } from './guard.ts';
import { RequestError } from './request-error.ts';

/** Files of weights and data. */
export const TENSORS = 'application/octet-stream';

export interface SendOptions {
  readonly type: string;
  /** Under which name a browser keeps it; undefined for what it shows. */
  readonly saveAs?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @returns undefined where there is no such file */
export async function sendFile(
  context: Context,
  path: string,
  { type, saveAs, headers }: SendOptions,
): Promise<Response | undefined> {
  const file = await open(path).catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const { size } = await file.stat();
  const all = {
    'Content-Type': type,
    'Content-Length': String(size),
    ...(saveAs === undefined ? {} : { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeName(saveAs)}` }),
    ...headers,
  };
  if (context.req.method === 'HEAD' || size === 0) {
    await file.close();
    return context.body(null, 200, all);
  }
  // The end is given, since the file may grow. The stream closes it, also when the reader goes away.
  const stream = file.createReadStream({ end: size - 1 });
  return context.body(Readable.toWeb(stream) as ReadableStream, 200, all);
}

/** Bytes that are handed on at once. */
const CHUNK = 256 * 1024;

/** Answers with bytes that many ask for at once: they are handed on as they are read, and copied for nobody. */
export function sendBytes(context: Context, bytes: Uint8Array, type: string): Response {
  const headers = { 'Content-Type': type, 'Content-Length': String(bytes.length) };
  if (context.req.method === 'HEAD') return context.body(null, 200, headers);
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(bytes.subarray(sent, sent + CHUNK));
        sent += CHUNK;
        if (sent >= bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return context.body(stream, 200, headers);
}

/** @throws RequestError where there is none yet */
export async function sendReport(c: Context, path: string, id: string): Promise<Response> {
  const answer = await sendFile(c, path, { type: 'text/html; charset=utf-8', headers: reportHeaders });
  if (answer) return answer;
  throw new RequestError('not-found', `${id} has no report yet`);
}

/** RFC 8187 */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
