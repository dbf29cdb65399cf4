// Moves elements to other places of memory: a reshape that mixes axes, a transposition, weights used as images. One element
// at a time, by its number in PyTorch's order; rare enough not to deserve more.

import type { Axis } from '../../../compiler/view.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, strideAlong } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, i32 } from '../wasm.ts';
import { forEachPlace } from './places.ts';

/** Axes of memory with their extents, in the order in which elements are counted. */
export type Places = readonly (readonly [Axis, number])[];

const elementsPerUnit = 4096;

export interface RelayoutKernel {
  /** Parameters: source, target, from, to. */
  readonly kernel: FunctionBuilder;
  readonly units: number;
}

export function relayout(e: Emitter, from: Places, source: Geometry, to: Places, target: Geometry): RelayoutKernel {
  const count = from.reduce((product, [, extent]) => product * extent, 1);
  const units = Math.ceil(count / elementsPerUnit);
  const kernel = e.module.once('relayout', [from, source, to, target], 4, (f, sourceBase, targetBase, first, last) => {
    f.for(first, last, (unit) => {
      f.if(i32.eqz(unit), () => clearPadding(f, targetBase, target));
      const start = f.let(i32.mul(unit, elementsPerUnit));
      const end = f.least(i32.add(start, elementsPerUnit), count);
      f.for(start, end, (element) => {
        const sourceOffset = offsetOf(f, element, from, source);
        const targetOffset = offsetOf(f, element, to, target);
        const value = i32.load(i32.add(sourceBase, sourceOffset));
        f.emit(i32.store(i32.add(targetBase, targetOffset), value));
      });
    });
  });
  return { kernel, units };
}

function offsetOf(f: FunctionBuilder, element: Local, places: Places, g: Geometry): Code {
  const strides = strideAlong(g);
  const rest = f.let(element);
  const offset = f.let(i32.const(g.origin));
  for (const [axis, extent] of [...places].reverse()) {
    if (extent === 1) continue;
    f.set(offset, i32.add(offset, i32.mul(i32.remU(rest, extent), strides[axis])));
    f.set(rest, i32.divU(rest, extent));
  }
  return offset;
}

function clearPadding(f: FunctionBuilder, base: Local, g: Geometry): void {
  if (g.stored === g.c) return;
  forEachPlace(f, ['n', 'h', 'w'], [g], [f.let(i32.add(base, g.origin))], ([pixel]) => {
    for (let channel = g.c; channel < g.stored; channel++) f.emit(i32.store(pixel, i32.const(0), channel * 4));
  });
}
