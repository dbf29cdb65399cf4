// The kernel of a pass: one walk over the elements of a view, in which everything on each element is computed at once.
//
//   for each slab (a unit, unless there are channel sums)
//     for each few vectors of four channels:  load what is the same for all their pixels (a channel's scale, ...)
//       for each row, for each few columns:   load, compute, store, add up
//
// Channel sums are added up in float32 within a slab and in float64 from slab to slab, in a fixed number of parts: a unit
// is then a run of slabs, and each writes its own row of partial sums, [part][channel] in float64.

import type { View } from '../../../compiler/view.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, geometryKey, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, f64x2, i32, i32x4, select, type, v128 } from '../wasm.ts';
import { computeNodes, type PassNode, usesOf } from './pointwise-operations.ts';
import { planWalk, type Track, type Walk } from './walk.ts';

export type PassLeaf =
  | { readonly kind: 'constant'; readonly value: number; readonly integer: boolean }
  | { readonly kind: 'memory'; readonly geometry: Geometry };

export interface PassSpec {
  readonly view: View;
  readonly leaves: readonly PassLeaf[];
  readonly nodes: readonly PassNode[];
  readonly stores: readonly { readonly value: number; readonly geometry: Geometry }[];
  /** Values whose channel sums are wanted. */
  readonly sums: readonly number[];
}

export interface PassKernel {
  /** Parameters: every leaf in memory, every store, the partial sums of every channel sum, from, to. */
  readonly kernel: FunctionBuilder;
  /** Also the number of parts of channel sums. */
  readonly units: number;
}

const maximumParts = 24;

/** Bytes of the partial sums of one part. */
export const partBytes = (channels: number): number => Math.ceil(channels / 4) * 4 * 8;

export function passKernel(e: Emitter, spec: PassSpec): PassKernel {
  const geometries = [
    ...spec.leaves.flatMap((leaf) => (leaf.kind === 'memory' ? [leaf.geometry] : [])),
    ...spec.stores.map(({ geometry }) => geometry),
  ];
  const tellsChannels = spec.sums.length > 0 || spec.nodes.some(({ operation }) => operation === 'dropoutMask');
  const walk = planWalk(spec.view, geometries, !tellsChannels);
  const items = walk.slabsPerImage * walk.images;
  const units = spec.sums.length > 0 ? Math.min(items, maximumParts) : items;
  const key = JSON.stringify(spec, (name, value) => (name === 'geometry' ? geometryKey(value) : value));
  const kernel = e.module.once(`pass ${key}`, () => {
    const parameters = Array<typeof type.i32>(geometries.length + spec.sums.length + 2).fill(type.i32);
    const name = `pass ${spec.nodes.map(({ operation }) => operation).join(' ')}`;
    return e.module.function(name, parameters, (f, ...locals) => {
      new PassWriter(e, spec, walk, units, f, locals).write();
    });
  });
  return { kernel, units };
}

/** What is computed at a time: some columns of some vectors of channels. */
interface Step {
  readonly columns: number;
  readonly blocks: number;
}

const steps: readonly Step[] = [
  { columns: 1, blocks: 4 },
  { columns: 2, blocks: 2 },
  { columns: 4, blocks: 1 },
  { columns: 1, blocks: 2 },
  { columns: 2, blocks: 1 },
];
/** Vectors that stay in registers from step to step. */
const heldVectors = 11;

/** Whether all pixels of an image share what a vector of channels has, as a channel's scale. */
const isOfChannels = ({ image, row, column, block }: Track): boolean => row + column === 0 && image + block > 0;

class PassWriter {
  readonly #e: Emitter;
  readonly #spec: PassSpec;
  readonly #walk: Walk;
  readonly #units: number;
  readonly #f: FunctionBuilder;
  readonly #atATime: Step;
  readonly #bases: readonly Local[];
  /** Of each track: where the slab, and where the row's current column, begins. */
  readonly #slabs: readonly Local[];
  readonly #walkers: readonly Local[];
  /** Leaves that are loaded outside the loops over pixels: one for all vectors of channels, or one each. */
  readonly #fixed = new Map<number, readonly Local[]>();
  /** The track of a leaf in memory. */
  readonly #tracks = new Map<number, number>();
  readonly #uses: readonly number[];
  readonly #accumulators: readonly (readonly Local[])[];
  readonly #partials: readonly Local[];
  readonly #range: readonly [Local, Local];
  readonly #channelMask: Local | undefined;
  readonly #pixel: Local;
  readonly #block: Local;

  constructor(e: Emitter, spec: PassSpec, walk: Walk, units: number, f: FunctionBuilder, locals: readonly Local[]) {
    this.#e = e;
    this.#spec = spec;
    this.#walk = walk;
    this.#units = units;
    this.#f = f;
    const { leaves, nodes, stores, sums } = spec;
    const count = walk.tracks.length;
    this.#bases = locals.slice(0, count);
    this.#range = [locals[locals.length - 2], locals[locals.length - 1]];
    leaves.forEach((leaf, i) => {
      if (leaf.kind === 'memory') this.#tracks.set(i, this.#tracks.size);
    });
    this.#channelMask = spec.view.c % 4 === 0 ? undefined : f.local(type.v128);
    this.#atATime = this.#chooseStep();
    this.#slabs = f.locals(count, type.i32);
    this.#walkers = f.locals(count, type.i32);
    this.#accumulators = sums.map(() => f.locals(this.#atATime.columns * this.#atATime.blocks, type.v128));
    this.#partials = sums.map((_, i) => locals[count + i]);
    this.#pixel = f.local();
    this.#block = f.local();
    this.#uses = usesOf(leaves.length, nodes, [...stores.map(({ value }) => value), ...sums]);
  }

  write(): void {
    const f = this.#f;
    const [from, to] = this.#range;
    this.#spec.leaves.forEach((leaf, i) => {
      if (leaf.kind === 'constant') {
        this.#fixed.set(i, [f.let(leaf.integer ? i32x4.const(leaf.value) : f32x4.const(leaf.value), type.v128)]);
        return;
      }
      const track = this.#trackOf(i);
      if (track.image + track.row + track.column + track.block > 0) return;
      this.#fixed.set(i, [f.let(this.#load(i, this.#bases[this.#tracks.get(i)!], track.origin), type.v128)]);
    });
    if (this.#spec.sums.length === 0) {
      f.for(from, to, (item) => this.#slab(item));
      return;
    }
    const items = this.#walk.slabsPerImage * this.#walk.images;
    const bytes = partBytes(this.#spec.view.c);
    f.for(from, to, (unit) => {
      const rows = this.#partials.map((base) => f.let(i32.add(base, i32.mul(unit, bytes))));
      for (const row of rows) {
        const place = f.let(row);
        f.repeat(bytes / vectorBytes, () => {
          f.emit(v128.store(place, f32x4.const(0)));
          f.advance(place, vectorBytes);
        });
      }
      const bound = (part: Code): Code => i32.divU(i32.mul(part, items), this.#units);
      f.for(bound(unit), f.let(bound(i32.add(unit, 1))), (item) => this.#slab(item, rows));
    });
  }

  /** As many vectors at a time as registers have room for: neighbours in memory first. */
  #chooseStep(): Step {
    const { columns, blocks } = this.#walk;
    const { leaves, sums } = this.#spec;
    const perBlock = leaves.filter((leaf, i) => leaf.kind === 'memory' && isOfChannels(this.#trackOf(i))).length;
    const fits = (step: Step): boolean =>
      columns % step.columns === 0 &&
      (step.blocks === 1 || (blocks % step.blocks === 0 && !this.#channelMask)) &&
      step.blocks * (perBlock + sums.length * step.columns) <= heldVectors;
    return steps.find(fits) ?? { columns: 1, blocks: 1 };
  }

  #trackOf(leaf: number): Track {
    return this.#walk.tracks[this.#tracks.get(leaf)!];
  }

  #load(leaf: number, pointer: Code, offset: number): Code {
    const spreads = this.#trackOf(leaf).block === 0 && this.#spec.view.c > 1;
    return spreads ? v128.load32Splat(pointer, offset) : v128.load(pointer, offset);
  }

  #slab(item: Local, partials: readonly Local[] = []): void {
    const f = this.#f;
    const { images, rows, columns, blocks, tracks, slab, slabsPerImage } = this.#walk;
    const cut = rows === 1 ? columns : rows;
    const image = images === 1 ? undefined : f.let(i32.divU(item, slabsPerImage));
    const first = f.let(i32.mul(images === 1 ? item : i32.remU(item, slabsPerImage), slab));
    const left = f.let(i32.sub(i32.const(cut), first));
    const count = f.let(select(i32.ltU(left, slab), left, i32.const(slab)));
    tracks.forEach((track, i) => {
      let address: Code = i32.add(this.#bases[i], track.origin);
      if (image && track.image > 0) address = i32.add(address, i32.mul(image, track.image));
      const stride = rows === 1 ? track.column : track.row;
      if (stride > 0) address = i32.add(address, i32.mul(first, stride));
      f.set(this.#slabs[i], address);
    });
    const firstPixel = i32.mul(first, rows === 1 ? 1 : columns);
    const slabPixel = f.let(image ? i32.add(firstPixel, i32.mul(image, rows * columns)) : firstPixel);
    f.set(this.#block, i32.const(0));
    const step = this.#atATime;
    f.repeat(blocks / step.blocks, () => {
      this.#beginBlocks(slabPixel);
      if (rows === 1) {
        f.repeat(i32.shrU(count, 31 - Math.clz32(step.columns)), () => this.#step());
      } else {
        f.repeat(count, () => {
          f.repeat(columns / step.columns, () => this.#step());
          tracks.forEach((track, i) => {
            f.advance(this.#walkers[i], track.row - columns * track.column);
          });
        });
      }
      partials.forEach((row, i) => {
        for (let block = 0; block < step.blocks; block++) {
          const [first, ...others] = this.#accumulators[i].slice(block * step.columns, (block + 1) * step.columns);
          this.#promote(
            row,
            block,
            others.reduce<Code>((total, sum) => f32x4.add(total, sum), first),
          );
        }
      });
      tracks.forEach((track, i) => {
        f.advance(this.#slabs[i], track.block * step.blocks);
      });
      f.advance(this.#block, step.blocks);
    });
  }

  #beginBlocks(slabPixel: Local): void {
    const f = this.#f;
    this.#spec.leaves.forEach((leaf, i) => {
      if (leaf.kind === 'constant') return;
      const track = this.#trackOf(i);
      if (!isOfChannels(track)) return;
      const locals = this.#fixed.get(i) ?? f.locals(track.block > 0 ? this.#atATime.blocks : 1, type.v128);
      this.#fixed.set(i, locals);
      locals.forEach((local, block) => {
        f.set(local, this.#load(i, this.#slabs[this.#tracks.get(i)!], block * track.block));
      });
    });
    if (this.#channelMask) {
      const { c } = this.#spec.view;
      const used = [0, 1, 2, 3].map((lane) => (lane < c % 4 ? -1 : 0)) as [number, number, number, number];
      const isLast = i32.eq(this.#block, Math.ceil(c / 4) - 1);
      f.set(this.#channelMask, select(isLast, i32x4.const(...used), i32x4.const(-1)));
    }
    for (const accumulator of this.#accumulators.flat()) f.set(accumulator, f32x4.const(0));
    this.#walkers.forEach((walker, i) => {
      f.set(walker, this.#slabs[i]);
    });
    f.set(this.#pixel, slabPixel);
  }

  /** A few columns of a few vectors of channels. */
  #step(): void {
    const f = this.#f;
    const { columns, blocks } = this.#atATime;
    for (let column = 0; column < columns; column++) {
      for (let block = 0; block < blocks; block++) this.#element(column, block);
    }
    this.#walk.tracks.forEach((track, i) => {
      f.advance(this.#walkers[i], track.column * columns);
    });
    f.advance(this.#pixel, columns);
  }

  #element(column: number, block: number): void {
    const f = this.#f;
    const { leaves, nodes, stores, sums } = this.#spec;
    const offset = (track: Track): number => column * track.column + block * track.block;
    const loaded = leaves.map((_, i): Code => {
      const fixed = this.#fixed.get(i);
      if (fixed) return fixed[block] ?? fixed[0];
      const code = this.#load(i, this.#walkers[this.#tracks.get(i)!], offset(this.#trackOf(i)));
      return this.#uses[i] > 1 ? f.let(code, type.v128) : code;
    });
    const place = { pixel: i32.add(this.#pixel, column), block: i32.add(this.#block, block) };
    const computed = computeNodes(this.#e, f, nodes, loaded, this.#uses, place);
    const masked = (value: number): Code =>
      this.#channelMask ? v128.and(computed[value], this.#channelMask) : computed[value];
    const firstStore = this.#walk.tracks.length - stores.length;
    // All are computed before any is stored: a store may overwrite what was loaded.
    const results = stores.map(({ value }) => f.let(masked(value), type.v128));
    sums.forEach((value, i) => {
      const accumulator = this.#accumulators[i][block * this.#atATime.columns + column];
      f.set(accumulator, f32x4.add(accumulator, masked(value)));
    });
    stores.forEach((_, i) => {
      const walker = firstStore + i;
      f.emit(v128.store(this.#walkers[walker], results[i], offset(this.#walk.tracks[walker])));
    });
  }

  /** Adds four float32 sums to the float64 sums of a block in a row of partial sums. */
  #promote(row: Local, block: number, sum: Code): void {
    const f = this.#f;
    const lanes = f.let(sum, type.v128);
    const place = f.let(i32.add(row, i32.shl(i32.add(this.#block, block), 5)));
    const high = f32x4.shuffle(lanes, lanes, [2, 3, 2, 3]);
    f.emit(v128.store(place, f64x2.add(v128.load(place), f64x2.promoteLow(lanes))));
    f.emit(v128.store(place, f64x2.add(v128.load(place, 16), f64x2.promoteLow(high)), 16));
  }
}
