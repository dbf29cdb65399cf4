// A pickle is a program for a small stack machine: opcodes push values, gather them into containers, and call functions by
// name, any function of Python's, which is why opening a stranger's pickle with Python is running a stranger's code.
// This machine knows values and containers only. What a name stands for and what calling it gives is the host's business
// (torch-objects.ts), which knows a few names and refuses all others; nothing is ever executed.
//
// As JavaScript values: dict is a Map, set a Set, tuple an array, list a List, bytes a Uint8Array, int a number or (beyond
// 2^53) a bigint. Opcodes and their meaning: Python's Lib/pickletools.py; protocols 0 to 5.

import type { ResiduaError } from '../../errors.ts';
import { ByteReader } from './byte-reader.ts';

/** A function or class that a pickle may name and call. */
export class Callable {
  readonly name: string;
  /** @param spend must be told how many elements are copied or looked at */
  readonly call: (args: readonly unknown[], spend: (elements: number) => void) => unknown;

  constructor(name: string, call: Callable['call']) {
    this.name = name;
    this.call = call;
  }
}

/** Python's list. Apart from it, arrays are tuples, which don't change. */
export class List {
  readonly items: unknown[];

  constructor(items: unknown[] = []) {
    this.items = items;
  }
}

export interface PickleHost {
  /** What a global name stands for. @throws for all that are not known */
  global(module: string, name: string): unknown;
  /** What a persistent id stands for: something that is kept outside the pickle. */
  persistent(id: unknown): unknown;
  /** Makes the error of a malformed pickle. */
  fail(message: string): ResiduaError;
}

/** Longer integers are no sizes, and arithmetic with them takes time. PyTorch's magic number has 10 bytes. */
const MAX_INTEGER_BYTES = 64;
const HIGHEST_PROTOCOL = 5;

/** A second's work. A network's state takes some 30 operations a tensor, a list of numbers one a number. */
const MAX_OPERATIONS = 2_000_000;

/**
 * @param bytes begins with the pickle; what follows it is left alone
 * @returns the object, and where the pickle ends
 */
export function unpickle(bytes: Uint8Array, host: PickleHost, start = 0): { value: unknown; end: number } {
  return new Machine(bytes, host, start).run();
}

class Machine {
  readonly #host: PickleHost;
  readonly #reader: ByteReader;
  readonly #memo = new Map<number, unknown>();
  /** Stacks below the marks that are open. */
  readonly #outer: unknown[][] = [];
  #stack: unknown[] = [];
  /** How many elements calls may still copy. A pickle that was written by a program needs as many as it has bytes. */
  #budget: number;

  constructor(bytes: Uint8Array, host: PickleHost, start: number) {
    this.#host = host;
    this.#reader = new ByteReader(bytes, host.fail, start);
    this.#budget = 2 * bytes.length;
  }

  run(): { value: unknown; end: number } {
    for (let operations = 0; operations < MAX_OPERATIONS; operations++) {
      const opcode = this.#reader.uint8();
      if (opcode === STOP) return { value: this.pop(), end: this.#reader.position };
      const execute = executeByOpcode[opcode];
      if (execute === undefined) {
        const at = this.#reader.position - 1;
        throw this.#host.fail(
          `the pickle has an unknown opcode 0x${opcode.toString(16).padStart(2, '0')} at byte ${at}`,
        );
      }
      execute(this, this.#reader);
    }
    throw this.fail(`takes more than ${MAX_OPERATIONS} operations`);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.fail('takes a value from an empty stack');
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length === 0) throw this.fail('looks at an empty stack');
    return this.#stack[this.#stack.length - 1];
  }

  mark(): void {
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** Everything above the last mark. */
  popToMark(): unknown[] {
    const stack = this.#outer.pop();
    if (stack === undefined) throw this.fail('goes back to a mark that it has not set');
    const items = this.#stack;
    this.#stack = stack;
    return items;
  }

  /** The topmost `count` values, as a tuple. */
  tuple(count: number): void {
    const begin = this.#stack.length - count;
    if (begin < 0) throw this.fail('takes a value from an empty stack');
    const items = this.#stack.slice(begin);
    this.#stack.length = begin;
    this.push(items);
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!(list instanceof List)) throw this.fail('appends to something that is no list');
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw this.fail('sets an item of something that is no dict');
    this.#fill(map, items);
  }

  pushDict(items: readonly unknown[]): void {
    const map = new Map<unknown, unknown>();
    this.#fill(map, items);
    this.push(map);
  }

  #fill(map: Map<unknown, unknown>, items: readonly unknown[]): void {
    if (items.length % 2 !== 0) throw this.fail('has a key without a value');
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  addToSet(items: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.fail('adds to something that is no set');
    for (const item of items) set.add(item);
  }

  global(module: unknown, name: unknown): unknown {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.fail('names a global by something that is no text');
    return this.#host.global(module, name);
  }

  persistent(id: unknown): void {
    this.push(this.#host.persistent(id));
  }

  call(callee: unknown, args: unknown): void {
    if (!(callee instanceof Callable)) throw this.fail('calls something that is no function');
    if (!Array.isArray(args)) throw this.fail(`calls ${callee.name} with something that is no tuple`);
    this.push(
      callee.call(args, (elements) => {
        this.#budget -= elements;
        if (this.#budget < 0) throw this.fail('copies more than a pickle of its size can need');
      }),
    );
  }

  /** Sets attributes of the topmost object: a dict's, such as state_dict()._metadata, are of no use here. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw this.fail('sets the state of something that is no dict');
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  /** MEMOIZE numbers by itself. */
  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.fail(`recalls object ${index}, which it has not remembered`);
    this.push(this.#memo.get(index));
  }

  fail(what: string): ResiduaError {
    return this.#host.fail(`the pickle ${what} (byte ${this.#reader.position})`);
  }
}

type Execute = (machine: Machine, reader: ByteReader) => void;

const STOP = 0x2e;

/** By Python's names, in the order of pickletools. */
const opcodes: ReadonlyMap<number, Execute> = new Map<number, Execute>([
  // Integers
  [0x49, (m, r) => m.push(readInt(m, r))], // INT
  [0x4a, (m, r) => m.push(r.int32())], // BININT
  [0x4b, (m, r) => m.push(r.uint8())], // BININT1
  [0x4d, (m, r) => m.push(r.uint16())], // BININT2
  [0x4c, (m, r) => m.push(decimal(m, latin1(r.line()).replace(/L$/, '')))], // LONG
  [0x8a, (m, r) => m.push(longInteger(m, r, r.uint8()))], // LONG1
  [0x8b, (m, r) => m.push(longInteger(m, r, r.uint32()))], // LONG4
  // Text and bytes; STRING and BINSTRING are Python 2's
  [0x53, (m, r) => m.push(quoted(m, latin1(r.line())))], // STRING
  [0x54, (m, r) => m.push(latin1(r.take(r.uint32())))], // BINSTRING
  [0x55, (m, r) => m.push(latin1(r.take(r.uint8())))], // SHORT_BINSTRING
  [0x42, (m, r) => m.push(r.take(r.uint32()))], // BINBYTES
  [0x43, (m, r) => m.push(r.take(r.uint8()))], // SHORT_BINBYTES
  [0x8e, (m, r) => m.push(r.take(r.uint64()))], // BINBYTES8
  [0x96, (m, r) => m.push(r.take(r.uint64()))], // BYTEARRAY8
  [0x56, (m, r) => m.push(unescaped(m, latin1(r.line())))], // UNICODE
  [0x8c, (m, r) => m.push(utf8(m, r.take(r.uint8())))], // SHORT_BINUNICODE
  [0x58, (m, r) => m.push(utf8(m, r.take(r.uint32())))], // BINUNICODE
  [0x8d, (m, r) => m.push(utf8(m, r.take(r.uint64())))], // BINUNICODE8
  // Constants and floats
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x46, (m, r) => m.push(Number(latin1(r.line())))], // FLOAT
  [0x47, (m, r) => m.push(r.float64({ littleEndian: false }))], // BINFLOAT
  // Containers
  [0x5d, (m) => m.push(new List())], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popToMark())], // APPENDS
  [0x6c, (m) => m.push(new List(m.popToMark()))], // LIST
  [0x29, (m) => m.tuple(0)], // EMPTY_TUPLE
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x64, (m) => m.pushDict(m.popToMark())], // DICT
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x8f, (m) => m.push(new Set())], // EMPTY_SET
  [0x90, (m) => m.addToSet(m.popToMark())], // ADDITEMS
  [0x91, (m) => m.push(new Set(m.popToMark()))], // FROZENSET
  // The stack
  [0x30, (m) => m.pop()], // POP
  [0x32, (m) => m.push(m.top())], // DUP
  [0x28, (m) => m.mark()], // MARK
  [0x31, (m) => m.popToMark()], // POP_MARK
  // The memo
  [0x67, (m, r) => m.recall(Number(latin1(r.line())))], // GET
  [0x68, (m, r) => m.recall(r.uint8())], // BINGET
  [0x6a, (m, r) => m.recall(r.uint32())], // LONG_BINGET
  [0x70, (m, r) => m.remember(Number(latin1(r.line())))], // PUT
  [0x71, (m, r) => m.remember(r.uint8())], // BINPUT
  [0x72, (m, r) => m.remember(r.uint32())], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  // Names and calls
  [0x63, (m, r) => m.push(m.global(utf8(m, r.line()), utf8(m, r.line())))], // GLOBAL
  [0x93, (m) => m.push(m.global(...([m.pop(), m.pop()].reverse() as [unknown, unknown])))], // STACK_GLOBAL
  [0x52, (m) => m.call(...([m.pop(), m.pop()].reverse() as [unknown, unknown]))], // REDUCE
  [0x81, (m) => m.call(...([m.pop(), m.pop()].reverse() as [unknown, unknown]))], // NEWOBJ
  [0x62, (m) => m.build()], // BUILD
  [0x69, (m, r) => m.call(m.global(utf8(m, r.line()), utf8(m, r.line())), m.popToMark())], // INST
  [0x51, (m) => m.persistent(m.pop())], // BINPERSID
  [0x50, (m, r) => m.persistent(latin1(r.line()))], // PERSID
  // Framing
  [0x80, (m, r) => checkProtocol(m, r.uint8())], // PROTO
  [0x95, (_, r) => void r.uint64()], // FRAME
]);

const executeByOpcode: readonly (Execute | undefined)[] = Array.from({ length: 256 }, (_, opcode) =>
  opcodes.get(opcode),
);

function checkProtocol(machine: Machine, protocol: number): void {
  if (protocol <= HIGHEST_PROTOCOL) return;
  throw machine.fail(`has protocol ${protocol}, the highest known one is ${HIGHEST_PROTOCOL}`);
}

/** INT also has protocol 1's booleans, 00 and 01. */
function readInt(machine: Machine, reader: ByteReader): number | bigint | boolean {
  const text = latin1(reader.line());
  return text === '00' ? false : text === '01' ? true : decimal(machine, text);
}

function decimal(machine: Machine, text: string): number | bigint {
  if (text.length > 2 * MAX_INTEGER_BYTES || !/^\s*[+-]?\d+\s*$/.test(text)) {
    throw machine.fail(`has ${JSON.stringify(text.slice(0, 20))} where an integer should stand`);
  }
  return narrow(BigInt(text));
}

/** Little-endian, two's complement. */
function longInteger(machine: Machine, reader: ByteReader, length: number): number | bigint {
  if (length > MAX_INTEGER_BYTES) throw machine.fail(`has an integer of ${length} bytes`);
  const bytes = reader.take(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return narrow(length === 0 ? 0n : BigInt.asIntN(8 * length, value));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A string as Python 2's repr writes it. */
function quoted(machine: Machine, text: string): string {
  const [, , inner] = /^\s*(['"])(.*)\1\s*$/.exec(text) ?? [];
  if (inner === undefined) throw machine.fail('has a string without quotes');
  return unescaped(machine, inner);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

function unescaped(machine: Machine, text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.?))/g, (whole, x, u, long, other) => {
    const digits = x ?? u ?? long;
    if (digits === undefined) return escapes[other] ?? whole;
    const code = Number.parseInt(digits, 16);
    if (code > 0x10ffff) throw machine.fail('has a character that does not exist');
    return String.fromCodePoint(code);
  });
}

const latin1Decoder = new TextDecoder('latin1');
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const latin1 = (bytes: Uint8Array): string => latin1Decoder.decode(bytes);

function utf8(machine: Machine, bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw machine.fail('has text that is not UTF-8');
  }
}
