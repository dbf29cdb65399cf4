// Convolutions in groups. Kernels compute whole vectors of channels, so they want groups whose channels, in and out, are
// multiples of four: sections. Where a convolution's own groups are smaller, a few of them make a section, and its weights
// are spread out with zeros between them:
//
//   two groups a, b of 2 -> 2 channels     as kept, [in][out]   a a b b        spread   a a . .
//                                                               a a b b                 a a . .
//                                                                                       . . b b
//                                                                                       . . b b
//
// So kernels know nothing but sections, whose weights lie as [kernel row][kernel column][in of a section][out of all].

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter, Weights } from '../../step.ts';
import { f32, i32 } from '../../wasm.ts';
import { clear } from '../vectors.ts';

export interface Sectioned {
  readonly sections: number;
  /** With the input channels of one section. */
  readonly weights: Weights;
}

/** Weights to read. */
export function spreadWeights(e: Emitter, weights: Weights, groups: number): Sectioned {
  const found = sectionWeights(e, weights, groups);
  if (found.weights !== weights) emitMove(e, 'spread weights', weights, found, groups, found.weights);
  return found;
}

/** Where to write the gradient of weights, and what has to be done when all of it is written. */
export function collectWeights(e: Emitter, weights: Weights, groups: number): Sectioned & { collect(): void } {
  const found = sectionWeights(e, weights, groups);
  const collect = (): void => {
    if (found.weights !== weights) emitMove(e, 'collect weight gradients', weights, found, groups, weights);
  };
  return { ...found, collect };
}

/** The weights themselves where their groups are sections, or memory for the spread ones. */
function sectionWeights(e: Emitter, weights: Weights, groups: number): Sectioned {
  const { kernelHeight, kernelWidth, inChannels, outChannels } = weights;
  const joined = groupsASection(groups, inChannels, outChannels / groups);
  if (joined === 1) return { sections: groups, weights };
  const inBytes = Math.ceil(outChannels / 4) * vectorBytes;
  const columnBytes = joined * inChannels * inBytes;
  const rowBytes = kernelWidth * columnBytes;
  const buffer = e.scratch('weights of sections', kernelHeight * rowBytes);
  const strides = { row: rowBytes, column: columnBytes, in: inBytes, out: 4 };
  return { sections: groups / joined, weights: { ...weights, buffer, inChannels: joined * inChannels, strides } };
}

/** A single section may have any number of channels. */
function groupsASection(groups: number, inChannels: number, outChannels: number): number {
  const fits = (joined: number): boolean =>
    groups % joined === 0 && (joined * inChannels) % 4 === 0 && (joined * outChannels) % 4 === 0;
  return [1, 2, 4].find(fits) ?? groups;
}

/** Copies all weights between their own place and that in sections. */
function emitMove(
  e: Emitter,
  name: string,
  own: Weights,
  { sections, weights: spread }: Sectioned,
  groups: number,
  target: Weights,
): void {
  const { buffer: source } = target === own ? spread : own;
  const shapes = [own, spread].map(({ buffer: _, ...shape }) => shape);
  const isSpreading = target === spread;
  const kernel = e.module.once(name, [shapes, groups], 4, (f, from, to, first, last) => {
    f.for(first, last, (tap) => {
      const place = (base: Local, { strides, kernelWidth }: Weights): Local => {
        const row = i32.mul(i32.divU(tap, kernelWidth), strides.row);
        return f.let(i32.add(base, row, i32.mul(i32.remU(tap, kernelWidth), strides.column)));
      };
      const [read, written] = isSpreading ? [own, spread] : [spread, own];
      const [source, result] = [place(from, read), place(to, written)];
      clear(e, f, result, written.inChannels * Math.ceil(written.outChannels / 4) * vectorBytes);
      writeTap(f, { own, spread, sections, groups }, source, result, isSpreading);
    });
  });
  e.step({
    name,
    kernel,
    units: own.kernelHeight * own.kernelWidth,
    reads: [source],
    writes: [target.buffer],
  });
}

interface Nest {
  readonly own: Weights;
  readonly spread: Weights;
  readonly sections: number;
  readonly groups: number;
}

/** One tap: of every group that has the same place in its section, channel by channel, the run of its output channels. */
function writeTap(
  f: FunctionBuilder,
  { own, spread, sections, groups }: Nest,
  source: Local,
  target: Local,
  isSpreading: boolean,
): void {
  const joined = groups / sections;
  const groupBytes = (own.outChannels / groups) * 4;
  const [kept, wide] = isSpreading ? [source, target] : [target, source];
  f.repeat(joined, () => {
    f.repeat(own.inChannels, () => {
      const [read, written] = [f.let(source), f.let(target)];
      f.repeat(sections, () => {
        f.repeat(own.outChannels / groups, () => {
          f.emit(f32.store(written, f32.load(read)));
          f.advance(read, 4);
          f.advance(written, 4);
        });
        f.advance(read, (joined - 1) * groupBytes);
        f.advance(written, (joined - 1) * groupBytes);
      });
      f.advance(kept, own.strides.in);
      f.advance(wide, spread.strides.in);
    });
    f.advance(kept, groupBytes - own.inChannels * own.strides.in);
    f.advance(wide, groupBytes);
  });
}

/** The most vectors, up to so many, that a section can be cut into without rest; any number where there is one section. */
export function vectorsOfSection(most: number, vectors: number, sections: number): number {
  if (sections === 1) return most;
  let count = Math.min(most, vectors);
  while (vectors % count > 0) count--;
  return count;
}
