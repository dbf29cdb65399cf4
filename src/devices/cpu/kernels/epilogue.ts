// What a convolution still does to its results before it stores them: whatever follows on each element, such as a bias, the
// shortcut's sum and an activation. The results are in registers anyway, so this saves a walk over memory; the
// convolution's own result is never stored.
//
//   y = f(result, a number a channel, the element of another image at the same place)
//
// Other images must lie in memory as y does, halo and all: then an element is found at the same distance from the base.

import type { FunctionBuilder, Local } from '../assembler.ts';
import { vectorBytes } from '../geometry.ts';
import type { Buffer, Emitter, Image } from '../step.ts';
import { type Code, f32x4, i32, v128 } from '../wasm.ts';
import { callsFunctions, computeNodes, type PassNode, usesOf } from './pointwise-operations.ts';

export type EpilogueLeaf =
  | { readonly kind: 'result' }
  | { readonly kind: 'constant'; readonly value: number }
  /** A number a channel. */
  | { readonly kind: 'channels'; readonly image: Image }
  /** A number an element; the geometry is that of y. */
  | { readonly kind: 'elements'; readonly image: Image };

export interface Epilogue {
  readonly leaves: readonly EpilogueLeaf[];
  readonly nodes: readonly PassNode[];
  /** What is stored: the number of a leaf or, counted on, of a node. */
  readonly value: number;
}

/** What is read besides the convolution's operands: further arguments of its kernel, in this order. */
export function buffersOf(epilogue: Epilogue | undefined): Buffer[] {
  return (epilogue?.leaves ?? []).flatMap((leaf) => ('image' in leaf ? [leaf.image.buffer] : []));
}

/** Equal texts: the same code. */
export function epilogueKey(epilogue: Epilogue | undefined): string {
  if (!epilogue) return '';
  const leaves = epilogue.leaves.map((leaf) => ('image' in leaf ? `${leaf.kind}+${leaf.image.geometry.origin}` : leaf));
  return JSON.stringify([leaves, epilogue.nodes, epilogue.value]);
}

/** Writes the code for one kernel. */
export class EpilogueWriter {
  readonly #e: Emitter;
  readonly #f: FunctionBuilder;
  readonly #epilogue: Epilogue;
  readonly #uses: readonly number[];
  /** Then neighbours must not be written in lockstep: see callsFunctions. */
  readonly callsFunctions: boolean;
  /** By leaf: the distance from y's memory to the image's, or the place of the current vector of channels. */
  readonly #places: readonly (Local | undefined)[];
  readonly #bases: readonly (Local | undefined)[];

  /**
   * @param bases addresses of buffersOf
   * @param y address of the buffer of y
   */
  constructor(e: Emitter, f: FunctionBuilder, epilogue: Epilogue, bases: readonly Local[], y: Local) {
    this.#e = e;
    this.#f = f;
    this.#epilogue = epilogue;
    this.callsFunctions = callsFunctions(epilogue.nodes);
    this.#uses = usesOf(epilogue.leaves.length, epilogue.nodes, [epilogue.value]);
    const left = [...bases];
    this.#bases = epilogue.leaves.map((leaf) => ('image' in leaf ? left.shift() : undefined));
    this.#places = epilogue.leaves.map((leaf, i) => {
      if (leaf.kind === 'elements') return f.let(i32.sub(this.#bases[i]!, y));
      return leaf.kind === 'channels' ? f.local() : undefined;
    });
  }

  /** Begins some vectors of channels, the first of which is `offset` bytes from the first of all. */
  beginChannels(offset: Code): void {
    const held = this.#f.let(offset);
    this.#epilogue.leaves.forEach((leaf, i) => {
      if (leaf.kind !== 'channels') return;
      this.#f.set(this.#places[i]!, i32.add(this.#bases[i]!, leaf.image.geometry.origin, held));
    });
  }

  /** Channels that many bytes further are the first now. */
  advanceChannels(bytes: number): void {
    this.#epilogue.leaves.forEach((leaf, i) => {
      if (leaf.kind === 'channels') this.#f.advance(this.#places[i]!, bytes);
    });
  }

  /**
   * What to store instead of a result.
   *
   * @param y address, with `offset` bytes, where it will be stored
   * @param vector of those that beginChannels began
   */
  apply(result: Local, y: Local, offset: number, vector: number): Code {
    const { leaves, nodes, value } = this.#epilogue;
    const f = this.#f;
    const computed = leaves.map((leaf, i): Code => {
      if (leaf.kind === 'result') return result;
      if (leaf.kind === 'constant') return f32x4.const(leaf.value);
      const place = this.#places[i]!;
      const code =
        leaf.kind === 'channels' ? v128.load(place, vector * vectorBytes) : v128.load(i32.add(y, place), offset);
      return this.#uses[i] > 1 ? f.vector(code) : code;
    });
    const code = computeNodes(this.#e, f, nodes, computed, this.#uses)[value];
    if (!this.callsFunctions) return code;
    // In basic blocks of their own, neighbours aren't taken for a pair.
    const held = f.vector(code);
    f.schedulingBoundary();
    return held;
  }
}
