// Builds WebAssembly functions and modules. A function is written top to bottom with loops and conditions as callbacks;
// loops here are do-while loops (the count must be at least 1), which is how fast kernels are shaped.

import { type Code, constI32, i32, i32x4, select, type, unsigned, type ValueType } from './wasm.ts';

/** A parameter or local variable: used as an expression, it is its value. */
export type Local = readonly number[] & { readonly index: number };

const makeLocal = (index: number): Local => Object.assign([0x20, ...unsigned(index)], { index });

/** Instructions that leave nothing on the stack; some have a body, which ends with `end`. */
type Statement = Code | Block;
interface Block {
  readonly opening: Code;
  readonly body: readonly Statement[];
}

/** Modules and their parts, before they are made one array. */
type Bytes = Statement | Uint8Array | readonly Bytes[];

/** The result of a function, as an expression. */
export function invoke(callee: FunctionBuilder, ...args: readonly Code[]): Code {
  return [args, 0x10, unsigned(callee.index)];
}

/** Global 0 of every module: always 0, which the engine's compiler doesn't know. */
const neverGlobal = [0x23, 0];

export class FunctionBuilder {
  readonly index: number;
  readonly name: string;
  readonly parameters: readonly Local[];
  readonly #parameterTypes: readonly ValueType[];
  readonly #result: ValueType | undefined;
  readonly #locals: ValueType[] = [];
  readonly #spread = new Map<number, Local>();
  #never: Local | undefined;
  #code: Statement[] = [];
  #depth = 0;
  #regionDepth = 0;
  #boundaries = 0;

  constructor(index: number, name: string, parameterTypes: readonly ValueType[], result?: ValueType) {
    this.index = index;
    this.name = name;
    this.#parameterTypes = parameterTypes;
    this.#result = result;
    this.parameters = parameterTypes.map((_, i) => makeLocal(i));
  }

  local(valueType: ValueType = type.i32): Local {
    this.#locals.push(valueType);
    return makeLocal(this.#parameterTypes.length + this.#locals.length - 1);
  }

  locals(count: number, valueType: ValueType): Local[] {
    return Array.from({ length: count }, () => this.local(valueType));
  }

  /** Statements: instructions that leave nothing on the stack. */
  emit(...code: readonly Code[]): void {
    this.#code.push(...code);
  }

  set(target: Local, value: Code): void {
    this.emit([value, 0x21, unsigned(target.index)]);
  }

  /** A new local that holds `value`. */
  let(value: Code, valueType: ValueType = type.i32): Local {
    const local = this.local(valueType);
    this.set(local, value);
    return local;
  }

  /** A new local that holds four numbers. */
  vector(value: Code): Local {
    return this.let(value, type.v128);
  }

  vectors(count: number): Local[] {
    return this.locals(count, type.v128);
  }

  /** A new local that holds the smaller of two signed numbers. */
  least(value: Code, limit: Code | number): Local {
    const held = this.let(value);
    const bound = typeof limit === 'number' ? constI32(limit) : limit;
    this.set(held, select(i32.ltS(held, bound), held, bound));
    return held;
  }

  /**
   * Four times the same number, in a register from the function's beginning on. V8 assembles a constant of 256 bits from four
   * numbers anew wherever it stands; this one is spread from a number that it cannot see through.
   */
  spread(value: number): Local {
    const known = this.#spread.get(value) ?? this.local(type.v128);
    this.#spread.set(value, known);
    return known;
  }

  /** target += amount, in i32. */
  advance(target: Local, amount: Code | number): void {
    if (amount !== 0) this.set(target, i32.add(target, amount));
  }

  block(body: () => void): void {
    this.#nest([0x02, 0x40], body);
  }

  if(condition: Code, body: () => void, otherwise?: () => void): void {
    this.#nest([condition, 0x04, 0x40], () => {
      body();
      if (!otherwise) return;
      this.emit(0x05);
      otherwise();
    });
  }

  /** Runs the body, and again while the condition holds after it. */
  doWhile(body: () => void, condition: () => Code): void {
    this.#nest([0x03, 0x40], () => {
      body();
      this.emit([condition(), 0x0d, 0]);
    });
  }

  /** Runs the body `count` >= 1 times. */
  repeat(count: Code | number, body: () => void): void {
    if (count === 1) {
      body();
      return;
    }
    const left = this.let(typeof count === 'number' ? constI32(count) : count);
    this.doWhile(body, () => [i32.sub(left, 1), 0x22, unsigned(left.index)]);
  }

  /** Runs the body for index = from, from + 1, ... while it is below `to`; not at all when from >= to. Signed. */
  for(from: Code | number, to: Code, body: (index: Local) => void): void {
    const index = this.let(typeof from === 'number' ? constI32(from) : from);
    this.if(i32.ltS(index, to), () => {
      this.doWhile(
        () => body(index),
        () => [i32.add(index, 1), 0x22, unsigned(index.index), to, 0x48],
      );
    });
  }

  /** Leaves the function. */
  return(...value: readonly Code[]): void {
    this.emit([...value, 0x0f]);
  }

  /** Leaves the n-th enclosing block, if, or restarts the n-th enclosing loop, counted from 0. */
  branchIf(condition: Code, depth: number): void {
    this.emit([condition, 0x0d, unsigned(depth)]);
  }

  branch(depth: number): void {
    this.emit([0x0c, unsigned(depth)]);
  }

  call(callee: FunctionBuilder, ...args: readonly Code[]): void {
    this.emit([args, 0x10, unsigned(callee.index)]);
  }

  /**
   * Ends a basic block with a branch that is never taken. V8's compiler moves all loads of a basic block before its
   * arithmetic and then runs out of registers; blocks of one step each keep a kernel's own order. The branch leads out of the
   * innermost schedulingRegion.
   */
  schedulingBoundary(): void {
    this.#never ??= this.local();
    this.#boundaries++;
    this.branchIf(i32.eq(this.#never, this.#boundaries), this.#depth - this.#regionDepth);
  }

  /**
   * What boundaries within lead out of. Put it around the loops that add up, before the sums are stored: then sums are alive
   * wherever a boundary leads, and the compiler keeps them in the same registers all the way.
   */
  schedulingRegion(body: () => void): void {
    const outer = this.#regionDepth;
    this.block(() => {
      this.#regionDepth = this.#depth;
      body();
    });
    this.#regionDepth = outer;
  }

  #nest(open: Code, body: () => void): void {
    this.#depth++;
    this.#code.push({ opening: open, body: this.#statementsOf(body) });
    this.#depth--;
  }

  #statementsOf(body: () => void): Statement[] {
    const outer = this.#code;
    const own: Statement[] = [];
    this.#code = own;
    body();
    this.#code = outer;
    return own;
  }

  /**
   * Writes the body so many times and takes turns between the copies, statement by statement. What they do with neighbouring
   * memory then stands side by side, with no store between two loads, and V8 makes one instruction on 256 bits of two on 128
   * (see Emitter.wide). Every copy must have the same statements in the same order, and may have conditions, which all copies
   * share, but no loops.
   */
  lockstep(copies: number, body: (copy: number) => void): void {
    this.#code.push(...inTurns(Array.from({ length: copies }, (_, copy) => this.#statementsOf(() => body(copy)))));
  }

  get signature(): Bytes {
    const results = this.#result === undefined ? [] : [this.#result];
    return [0x60, vector(this.#parameterTypes), vector(results)];
  }

  /** The body with its locals, as the code section wants it. */
  encode(): Uint8Array {
    const never: Code = this.#never ? [neverGlobal, 0x21, unsigned(this.#never.index)] : [];
    const spread = [...this.#spread].map(([value, local]): Code => {
      const [bits] = new Int32Array(Float32Array.of(value).buffer);
      return [i32x4.splat(i32.xor(neverGlobal, bits)), 0x21, unsigned(local.index)];
    });
    return flatten([vector(this.#locals.map((valueType) => [1, valueType])), never, spread, this.#code, 0x0b]);
  }
}

export interface ModuleOptions {
  /** Pages of 64 KiB the imported memory has at least and may have at most. */
  readonly pages: { readonly initial: number; readonly maximum: number };
  readonly shared: boolean;
}

type Parameters = readonly ValueType[] | number;
type Build = (f: FunctionBuilder, ...parameters: Local[]) => void;

export class ModuleBuilder {
  readonly #functions: FunctionBuilder[] = [];
  readonly #byKey = new Map<string, FunctionBuilder>();
  readonly #exports = new Map<string, FunctionBuilder>();

  /** @param parameters their types, or how many there are where all are i32 */
  function(name: string, parameters: Parameters, build: Build, result?: ValueType): FunctionBuilder {
    const types = typeof parameters === 'number' ? Array<ValueType>(parameters).fill(type.i32) : parameters;
    const builder = new FunctionBuilder(this.#functions.length, name, types, result);
    this.#functions.push(builder);
    build(builder, ...builder.parameters);
    return builder;
  }

  /**
   * A function, or the one that was built with the same name and details before: equal kernels are written once.
   *
   * @param details what its code depends on besides, as JSON has it
   */
  once(name: string, details: unknown, parameters: Parameters, build: Build, result?: ValueType): FunctionBuilder {
    const key = JSON.stringify([name, details, parameters]);
    const builder = this.#byKey.get(key) ?? this.function(name, parameters, build, result);
    this.#byKey.set(key, builder);
    return builder;
  }

  export(name: string, builder: FunctionBuilder): void {
    this.#exports.set(name, builder);
  }

  /** The module. It imports its memory as `env.memory`. */
  encode({ pages, shared }: ModuleOptions): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions.map((f) => f.encode());
    const limits = [shared ? 3 : 1, unsigned(pages.initial), unsigned(pages.maximum)];
    const exports = [...this.#exports].map(([name, f]) => [text(name), 0, unsigned(f.index)]);
    return flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector(this.#functions.map((f) => f.signature))),
      section(2, vector([[text('env'), text('memory'), 2, limits]])),
      section(3, vector(this.#functions.map((f) => unsigned(f.index)))),
      section(6, vector([[type.i32, 1, constI32(0), 0x0b]])),
      section(7, vector(exports)),
      section(10, vector(bodies.map((body) => [unsigned(body.length), body]))),
      section(0, functionNames(this.#functions)),
    ]);
  }
}

/** The "name" section: profilers show kernels by name. */
function functionNames(functions: readonly FunctionBuilder[]): Bytes {
  const names = flatten(vector(functions.map((f) => [unsigned(f.index), text(f.name)])));
  return [text('name'), 1, unsigned(names.length), names];
}

/** A statement of each copy, and then the next; copies share a block. */
function inTurns(copies: readonly (readonly Statement[])[]): Statement[] {
  mustAgree(copies.map(({ length }) => length));
  return copies[0].flatMap((first, i): Statement[] => {
    const turn = copies.map((copy) => copy[i]);
    if (!isBlock(first)) return turn;
    const blocks = turn.filter(isBlock);
    mustAgree(blocks.map(({ opening }) => `${opening}`));
    return [{ opening: first.opening, body: inTurns(blocks.map(({ body }) => body)) }];
  });
}

function mustAgree(copies: readonly unknown[]): void {
  if (new Set(copies).size > 1) throw new Error('copies in lockstep differ');
}

const isBlock = (item: Bytes): item is Block => typeof item === 'object' && 'opening' in item;

function vector(items: readonly Bytes[]): Bytes {
  return [unsigned(items.length), items];
}

function text(value: string): Bytes {
  return vector([...new TextEncoder().encode(value)]);
}

function section(id: number, content: Bytes): Bytes {
  const bytes = flatten(content);
  return [id, unsigned(bytes.length), bytes];
}

function flatten(code: Bytes): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(1024);
  let length = 0;
  const reserve = (count: number): number => {
    length += count;
    if (length > bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    return length - count;
  };
  const visit = (item: Bytes): void => {
    if (typeof item === 'number' || item instanceof Uint8Array) {
      const at = reserve(typeof item === 'number' ? 1 : item.length);
      if (typeof item === 'number') bytes[at] = item;
      else bytes.set(item, at);
    } else if (isBlock(item)) visit([item.opening, item.body, 0x0b]);
    else for (const inner of item) visit(inner);
  };
  visit(code);
  return bytes.slice(0, length);
}
