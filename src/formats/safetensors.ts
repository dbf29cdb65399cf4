// safetensors, the format of Hugging Face for weights: 8 bytes with the length of the header, a JSON header that gives
// each tensor its dtype, shape and place, then the bytes of all tensors. It can hold numbers only, no code, so files of
// strangers are safe to open; the checks here make every malformed file a clear error. Tensors are copied out of the file.

import { ResiduaError } from '../errors.ts';
import { repeatedKey } from './json-keys.ts';
import { printable } from './printable.ts';
import { dtypes, type SafeTensor } from './safetensors-dtypes.ts';

export type { SafeDtype, SafeTensor } from './safetensors-dtypes.ts';

export interface Safetensors {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** `__metadata__`: free text under free names. */
  readonly metadata: ReadonlyMap<string, string>;
}

const METADATA = '__metadata__';
const LENGTH_BYTES = 8;
/** The limit of the reference implementation; it keeps a few wrong bytes from making a reader ask for all memory. */
const MAX_HEADER_BYTES = 100_000_000;

/** Messages repeat names of the file, which may be as long as it. */
const MOST_OF_A_MESSAGE = 500;

class MalformedFile extends ResiduaError {
  constructor(source: string, message: string, cause?: unknown) {
    super(`${source}: ${printable(message, MOST_OF_A_MESSAGE)}`, {
      hint: 'The file is damaged or is no safetensors file: get it again.',
      cause,
    });
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * @param bytes the whole file
 * @param source how to call the file in errors, such as its path
 * @throws ResiduaError for anything that the format does not allow
 */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, source);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  // Object.entries gives own properties only: a tensor named __proto__ is a tensor like any other.
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      for (const [key, text] of Object.entries(asObject(value, `${METADATA}`, source))) {
        if (typeof text !== 'string') throw new MalformedFile(source, `${METADATA}.${key} must be a string`);
        metadata.set(key, text);
      }
    } else {
      entries.push(readEntry(name, asObject(value, `tensor '${name}'`, source), source));
    }
  }
  checkLayout(entries, bytes.length - dataStart, source);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const copy = new Uint8Array(end - begin);
    copy.set(bytes.subarray(dataStart + begin, dataStart + end));
    tensors.set(name, { dtype, shape, data: dtypes.get(dtype)!.decode(copy.buffer) } as SafeTensor);
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, source: string): { header: object; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw new MalformedFile(source, `a safetensors file has at least 8 bytes, found ${bytes.length}`);
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw new MalformedFile(
      source,
      `a header of ${length} bytes is announced, at most ${MAX_HEADER_BYTES} are allowed`,
    );
  }
  const dataStart = LENGTH_BYTES + length;
  if (dataStart > bytes.length) {
    throw new MalformedFile(source, `the header needs ${dataStart} bytes, found ${bytes.length}: it is cut short`);
  }
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    header = JSON.parse(text);
  } catch (error) {
    throw new MalformedFile(source, `the header is not JSON in UTF-8 (${(error as Error).message})`, error);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new MalformedFile(source, `the header has the name '${repeated}' twice`);
  return { header: asObject(header, 'the header', source), dataStart };
}

function readEntry(name: string, value: object, source: string): Entry {
  const fail = (message: string) => new MalformedFile(source, `tensor '${name}': ${message}`);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const rule = typeof dtype === 'string' ? dtypes.get(dtype) : undefined;
  if (rule === undefined) {
    throw fail(`dtype must be one of ${[...dtypes.keys()].join(', ')}, found ${JSON.stringify(dtype)}`);
  }
  if (!isCounts(shape)) throw fail(`shape must be a list of integers >= 0, found ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`data_offsets must be [begin, end], found ${JSON.stringify(offsets)}`);
  }
  let size = rule.size;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) throw fail(`shape [${shape.join(', ')}] is too large to be real`);
  }
  const [begin, end] = offsets;
  if (end - begin !== size) {
    throw fail(`shape [${shape.join(', ')}] of ${dtype} takes ${size} bytes, but data_offsets give it ${end - begin}`);
  }
  return { name, dtype: dtype as string, shape, begin, end };
}

/** The tensors must cover the data without a gap and without an overlap. */
function checkLayout(entries: readonly Entry[], dataLength: number, source: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const what = begin < covered ? 'it overlaps another' : 'there is a gap';
      throw new MalformedFile(
        source,
        `tensor '${name}' begins at byte ${begin} of the data, expected ${covered}: ${what}`,
      );
    }
    covered = end;
  }
  if (covered !== dataLength) {
    const what = covered > dataLength ? 'it is cut short' : 'something follows the tensors';
    throw new MalformedFile(source, `the tensors take ${covered} bytes, found ${dataLength}: ${what}`);
  }
}

/**
 * A file with these tensors: the same bytes for the same content, in whatever order it is given. Tensors are laid out as
 * the reference implementation does it, by element type (large ones first) and then by name.
 * @throws ResiduaError when a tensor has another number of elements than its shape says, or cannot be written
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafeTensor]>,
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array<ArrayBuffer> {
  const byName = new Map(tensors);
  const order = [...dtypes.keys()];
  const rank = (tensor: SafeTensor) => order.indexOf(tensor.dtype);
  const sorted = [...byName].sort(([a, left], [b, right]) => rank(left) - rank(right) || compareText(a, b));

  const fields: string[] = [];
  const texts = [...new Map(metadata)].sort(([a], [b]) => compareText(a, b));
  // Written field by field: an object would put names such as "1" first and lose "__proto__".
  if (texts.length > 0) {
    const pairs = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"${METADATA}":{${pairs.join(',')}}`);
  }
  let offset = 0;
  for (const [name, tensor] of sorted) {
    checkWritable(name, tensor);
    const { dtype, shape, data } = tensor;
    const place = `"data_offsets":[${offset},${offset + data.byteLength}]`;
    fields.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],${place}}`);
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerLength = Math.ceil(json.length / 8) * 8; // filled up with spaces, so that the data is aligned

  const file = new Uint8Array(LENGTH_BYTES + headerLength + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength);
  file.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerLength;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

function checkWritable(name: string, { dtype, shape, data }: SafeTensor): void {
  const fail = (message: string, hint: string) => new ResiduaError(`tensor '${name}': ${message}`, { hint });
  if (name === METADATA) throw fail('this name is reserved', 'Choose another name.');
  const array = dtypes.get(dtype)?.array;
  if (array === undefined)
    throw fail(`${dtype} cannot be written`, 'Write its values as F32, which holds them exactly.');
  if (!(data instanceof array)) {
    throw fail(
      `${dtype} needs a ${array.name}, found ${data.constructor.name}`,
      'Convert the data, or change the dtype.',
    );
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size !== data.length) {
    throw fail(`shape [${shape.join(', ')}] has ${size} elements, found ${data.length}`, 'Correct the shape.');
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => Number.isSafeInteger(element) && element >= 0);
}

function asObject(value: unknown, what: string, source: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new MalformedFile(source, `${what} must be a JSON object`);
}

/** By UTF-16 code units: the same order in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
