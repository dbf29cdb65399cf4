// Ways to damage a good input: bytes of any file, values of JSON. Random inputs are refused at their first byte; damaged good
// ones get far.

import fc from 'fast-check';

type Change = (bytes: Buffer) => Buffer;

/** A place in a file, or near its beginning, where the headers are. */
const place = fc.oneof(fc.nat(64), fc.nat(4096), fc.nat());
const at = (bytes: Buffer, where: number) => (bytes.length === 0 ? 0 : where % bytes.length);

const extremes = fc.constantFrom(
  0,
  1,
  0x7f,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
);

const changes: readonly fc.Arbitrary<Change>[] = [
  place.map((where) => (bytes) => bytes.subarray(0, at(bytes, where))),
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, bits]) => (bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[at(bytes, where)] ^= bits;
    return changed;
  }),
  fc.tuple(place, extremes, fc.boolean()).map(([where, value, little]) => (bytes) => {
    const changed = Buffer.concat([bytes, Buffer.alloc(bytes.length < 4 ? 4 : 0)]);
    const start = where % (changed.length - 3);
    if (little) changed.writeUInt32LE(value, start);
    else changed.writeUInt32BE(value, start);
    return changed;
  }),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(([where, more]) => (bytes) => {
    return Buffer.concat([bytes.subarray(0, at(bytes, where)), more, bytes.subarray(at(bytes, where))]);
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 200 })).map(([where, length]) => (bytes) => {
    return Buffer.concat([bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + length)]);
  }),
  fc.tuple(place, place, fc.integer({ min: 1, max: 400 })).map(([from, to, length]) => (bytes) => {
    const piece = bytes.subarray(at(bytes, from), at(bytes, from) + length);
    return Buffer.concat([bytes.subarray(0, at(bytes, to)), piece, bytes.subarray(at(bytes, to))]);
  }),
  fc.uint8Array({ maxLength: 300 }).map((random) => () => Buffer.from(random)),
];

/** One of the files with one to six kinds of damage. */
export function damaged(files: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const file = fc.constantFrom(...files).map((bytes) => Buffer.from(bytes));
  const list = fc.array(fc.oneof(...changes.map((arbitrary, i) => ({ arbitrary, weight: i === 1 ? 4 : 1 }))), {
    minLength: 1,
    maxLength: 6,
  });
  return fc.tuple(file, list).map(([bytes, made]) => made.reduce<Buffer>((result, change) => change(result), bytes));
}

/** What has no business anywhere, and what has in some places. */
const values = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    3,
    -1,
    0.5,
    1e-300,
    1e9,
    2 ** 31,
    2 ** 53,
    1e300,
    '',
    'x',
    '\0',
    {},
    [],
  ),
  fc.constantFrom<unknown>(
    '../..',
    '/',
    'mnist',
    'NaN',
    '\u001b[2J',
    [[]],
    [null],
    [1, 2, 3],
    [1e9, 1e9, 1e9],
    [4, 4, 4],
  ),
  fc.constantFrom<unknown>(
    { name: 'Resize', size: 1e9 },
    { name: 'Pad', padding: 1e9 },
    { name: 'CenterCrop', size: 0 },
  ),
  fc.integer({ min: -5, max: 300 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.jsonValue({ maxDepth: 2 }),
);

type Step = { readonly deeper: number; readonly stop: boolean };
interface Edit {
  readonly path: readonly Step[];
  readonly kind: 'replace' | 'delete' | 'add' | 'duplicate' | 'nest';
  readonly value: unknown;
  readonly key: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  path: fc.array(fc.record({ deeper: fc.nat(40), stop: fc.constantFrom(false, false, false, true) }), { maxLength: 5 }),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'delete', 'add', 'duplicate', 'nest'),
  value: values,
  key: fc.constantFrom('__proto__', 'constructor', 'name', 'size', 'length', '', 'x', 'seed'),
});

/** The JSON with one to three values changed, taken away, added, doubled. */
export function changedJson(original: unknown): fc.Arbitrary<unknown> {
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => edits.reduce(apply, original));
}

function apply(json: unknown, { path, kind, value, key }: Edit): unknown {
  const [step, ...rest] = path;
  if (typeof json !== 'object' || json === null || step === undefined) return kind === 'nest' ? [json] : value;
  const entries = Object.entries(json);
  if (entries.length === 0) return value;
  const chosen = step.deeper % entries.length;
  if (kind === 'add' && step.stop) entries.push([key, value]);
  else if (kind === 'delete' && (step.stop || rest.length === 0)) entries.splice(chosen, 1);
  else if (kind === 'duplicate' && step.stop) entries.push([`${entries.length}`, entries[chosen][1]]);
  else entries[chosen] = [entries[chosen][0], apply(entries[chosen][1], { path: rest, kind, value, key })];
  return Array.isArray(json) ? entries.map(([, entry]) => entry) : Object.fromEntries(entries);
}
