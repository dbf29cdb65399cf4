// What requests may hold, checked before anything is done with it.

import type { Context } from 'hono';
import { z } from 'zod';
import { RequestError } from './request-error.ts';

/** Bytes of a body. Settings have a few hundred. */
const LARGEST_BODY = 64 * 1024;

/** A plain name of a new folder: nothing that a file system or a shell takes for more. Windows' device names are no names. */
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "expected letters, digits, '-', '_' and '.'; 64 at most")
  .refine(
    (text) => !text.endsWith('.') && !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(text),
    'is no name for a folder',
  );

const settings = z.record(z.string(), z.unknown());

export const resolveSchema = z.strictObject({ settings });
/** Of a run, and of a comparison. */
export const startSchema = z.strictObject({ settings, name: name.optional() });

/** A request with an empty body, or {}. */
export const emptySchema = z.strictObject({});

/** @throws RequestError for what is no JSON or not what the schema says */
export async function bodyOf<Value>(context: Context, schema: z.ZodType<Value>): Promise<Value> {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new RequestError('unsupported-type', `expected a body of application/json, found '${type.slice(0, 100)}'`);
  }
  let json: unknown;
  try {
    json = JSON.parse((await textOf(context)) || '{}');
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError('bad-request', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new RequestError('bad-request', problems.join('; ').slice(0, 500));
}

/** Reads no more than it may have, whatever its headers say. */
async function textOf(context: Context): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = Number(context.req.header('content-length') ?? 0);
  if (size <= LARGEST_BODY && context.req.raw.body) {
    size = 0;
    for await (const chunk of context.req.raw.body) {
      size += chunk.length;
      if (size > LARGEST_BODY) break;
      chunks.push(chunk);
    }
  }
  if (size > LARGEST_BODY) throw new RequestError('too-large', `a body has at most ${LARGEST_BODY} bytes`);
  return Buffer.concat(chunks).toString();
}

/** A whole number from 0 on, as a part of an address. @throws RequestError */
export function wholeNumber(text: string, what: string, least = 0): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new RequestError(
    'bad-request',
    `${what}: expected a whole number from ${least} on, found '${text.slice(0, 50)}'`,
  );
}

/** @throws RequestError */
export function oneOf<Name extends string>(names: readonly Name[], text: string, what: string): Name {
  const found = names.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw new RequestError('bad-request', `${what}: expected ${names.join(', ')}, found '${text.slice(0, 50)}'`);
}
