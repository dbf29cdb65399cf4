// The kernel of a pass: one walk over the elements of a view, in which everything on each element is computed at once.
//
//   for each slab (a unit, unless there are channel sums)
//     for each row, for each few columns, for each few vectors of four channels:   load, compute, store, add up
//
// So memory is gone through as it lies, and the processor fetches it ahead. What all pixels share (a channel's scale, the
// sums of a channel) is loaded again for each of them: it stays in the first cache level.
//
// Channel sums are added up in float32 within a slab and in float64 from slab to slab, in a fixed number of parts: a unit
// is then a run of slabs, and each writes its own row of partial sums, [part][channel] in float64.

import type { View } from '../../../compiler/view.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, i32, i32x4, type, v128 } from '../wasm.ts';
import { partBytes, promoteRows } from './channel-sums.ts';
import { callsFunctions, computeNodes, type PassNode, usesOf } from './pointwise-operations.ts';
import { clear } from './vectors.ts';
import { isScalar, planWalk, type Track, type Walk } from './walk.ts';

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
  /**
   * Parameters: every leaf in memory, every store, the partial sums of every channel sum and, where there are any, memory of
   * the thread; from, to.
   */
  readonly kernel: FunctionBuilder;
  /** Also the number of parts of channel sums. */
  readonly units: number;
  readonly threadBytes: number;
}

const maximumParts = 24;

export function passKernel(e: Emitter, spec: PassSpec): PassKernel {
  const geometries = [
    ...spec.leaves.flatMap((leaf) => (leaf.kind === 'memory' ? [leaf.geometry] : [])),
    ...spec.stores.map(({ geometry }) => geometry),
  ];
  const tellsChannels = spec.sums.length > 0 || spec.nodes.some(({ operation }) => operation === 'dropoutMask');
  const walk = planWalk(spec.view, geometries, !tellsChannels);
  const items = walk.slabsPerImage * walk.images;
  const units = spec.sums.length > 0 ? Math.min(items, maximumParts) : items;
  const step = chooseStep(spec, walk);
  const parameters = geometries.length + spec.sums.length + (spec.sums.length > 0 ? 1 : 0) + 2;
  const name = `pass ${spec.nodes.map(({ operation }) => operation).join(' ')}`;
  const kernel = e.module.once(name, spec, parameters, (f, ...locals) => {
    new PassWriter(e, spec, walk, step, units, f, locals).write();
  });
  return { kernel, units, threadBytes: spec.sums.length * step.columns * walk.blocks * vectorBytes };
}

/** What is written out in a row: so many vectors of channels of so many columns. */
interface Step {
  readonly columns: number;
  readonly blocks: number;
}

/** Vectors that are written out in a row at most. */
const most = 8;

/** Whether a vector has pad channels. Where its neighbour has, both are masked. */
type Pads = 'none' | 'neighbour' | 'own';

function chooseStep(spec: PassSpec, walk: Walk): Step {
  const columns = spec.sums.length > 0 ? summedColumns(spec, walk) : joinedColumns(walk);
  return { columns, blocks: Math.min(walk.blocks, Math.max(1, Math.floor(most / columns))) };
}

/** Columns at a time where the channels of one are too few. */
function joinedColumns({ rows, columns, blocks, slab }: Walk): number {
  const divides = (count: number): boolean => columns % count === 0 && (rows > 1 || slab % count === 0);
  return [8, 4, 2].find((count) => count * blocks <= most && divides(count)) ?? 1;
}

const summing: readonly Step[] = [
  { columns: 1, blocks: 4 },
  { columns: 2, blocks: 2 },
  { columns: 4, blocks: 1 },
  { columns: 1, blocks: 2 },
  { columns: 2, blocks: 1 },
];

/**
 * Columns that are added up apart from each other within a slab, every second, say, so that additions needn't wait for the one
 * before: the more, the fewer other numbers each channel has. Any rule would do, but another one changes the last bits of sums.
 */
function summedColumns({ view, leaves, sums }: PassSpec, { columns, blocks, tracks }: Walk): number {
  const inMemory = leaves.filter(({ kind }) => kind === 'memory').length;
  const perBlock = tracks.slice(0, inMemory).filter(isOfChannels).length;
  const fits = (step: Step): boolean =>
    columns % step.columns === 0 &&
    (step.blocks === 1 || (blocks % step.blocks === 0 && view.c % 4 === 0)) &&
    step.blocks * (perBlock + sums.length * step.columns) <= 11;
  return summing.find(fits)?.columns ?? 1;
}

/** Whether all pixels of an image share what a vector of channels has, as a channel's scale. */
const isOfChannels = ({ image, row, column, block }: Track): boolean => row + column === 0 && image + block > 0;

class PassWriter {
  readonly #e: Emitter;
  readonly #inPairs: boolean;
  readonly #spec: PassSpec;
  readonly #walk: Walk;
  readonly #atATime: Step;
  readonly #units: number;
  readonly #f: FunctionBuilder;
  readonly #bases: readonly Local[];
  /** Of each track: where the vectors of channels at hand lie. */
  readonly #walkers: readonly Local[];
  /** Leaves that are the same for all elements. */
  readonly #fixed = new Map<number, Code>();
  /** The track of a leaf in memory. */
  readonly #tracks = new Map<number, number>();
  readonly #uses: readonly number[];
  readonly #partials: readonly Local[];
  /** Sums of the slab, [sum][column at a time][channel], and where those of the vector of channels at hand lie. */
  readonly #sums: Local;
  readonly #accumulators: Local;
  readonly #range: readonly [Local, Local];
  readonly #pixel: Local;
  readonly #block: Local;

  constructor(
    e: Emitter,
    spec: PassSpec,
    walk: Walk,
    step: Step,
    units: number,
    f: FunctionBuilder,
    locals: readonly Local[],
  ) {
    this.#e = e;
    this.#inPairs = e.wide && !callsFunctions(spec.nodes);
    this.#spec = spec;
    this.#walk = walk;
    this.#atATime = step;
    this.#units = units;
    this.#f = f;
    const { leaves, nodes, stores, sums } = spec;
    const count = walk.tracks.length;
    this.#bases = locals.slice(0, count);
    this.#partials = locals.slice(count, count + sums.length);
    this.#sums = locals[count + sums.length];
    this.#range = [locals[locals.length - 2], locals[locals.length - 1]];
    leaves.forEach((leaf, i) => {
      if (leaf.kind === 'memory') this.#tracks.set(i, this.#tracks.size);
    });
    this.#walkers = f.locals(count, type.i32);
    this.#accumulators = f.local();
    this.#pixel = f.local();
    this.#block = f.local();
    this.#uses = usesOf(leaves.length, nodes, [...stores.map(({ value }) => value), ...sums]);
  }

  write(): void {
    const f = this.#f;
    const [from, to] = this.#range;
    this.#spec.leaves.forEach((leaf, i) => {
      if (leaf.kind === 'constant') {
        this.#fixed.set(i, leaf.integer ? i32x4.const(leaf.value) : f.spread(leaf.value));
      } else if (isScalar(this.#trackOf(i))) {
        this.#fixed.set(i, f.vector(this.#load(i, this.#bases[this.#tracks.get(i)!], this.#trackOf(i).origin)));
      }
    });
    if (this.#spec.sums.length === 0) {
      f.for(from, to, (item) => this.#slab(item));
      return;
    }
    const items = this.#walk.slabsPerImage * this.#walk.images;
    const bytes = partBytes(this.#spec.view.c);
    f.for(from, to, (unit) => {
      const rows = this.#partials.map((base) => f.let(i32.add(base, i32.mul(unit, bytes))));
      for (const row of rows) clear(this.#e, f, row, bytes);
      const bound = (part: Code): Code => i32.divU(i32.mul(part, items), this.#units);
      f.for(bound(unit), f.let(bound(i32.add(unit, 1))), (item) => {
        clear(this.#e, f, this.#sums, this.#spec.sums.length * this.#atATime.columns * this.#walk.blocks * vectorBytes);
        this.#slab(item);
        promoteRows(this.#e, f, this.#sums, rows, this.#walk.blocks, this.#atATime.columns);
      });
    });
  }

  #trackOf(leaf: number): Track {
    return this.#walk.tracks[this.#tracks.get(leaf)!];
  }

  #load(leaf: number, pointer: Code, offset: number): Code {
    const spreads = this.#trackOf(leaf).block === 0 && this.#spec.view.c > 1;
    return spreads ? v128.load32Splat(pointer, offset) : v128.load(pointer, offset);
  }

  #slab(item: Local): void {
    const f = this.#f;
    const { images, rows, columns, tracks, slab, slabsPerImage } = this.#walk;
    const cut = rows === 1 ? columns : rows;
    const image = images === 1 ? undefined : f.let(i32.divU(item, slabsPerImage));
    const first = f.let(i32.mul(images === 1 ? item : i32.remU(item, slabsPerImage), slab));
    const count = f.least(i32.sub(cut, first), slab);
    tracks.forEach((track, i) => {
      let address: Code = i32.add(this.#bases[i], track.origin);
      if (image && track.image > 0) address = i32.add(address, i32.mul(image, track.image));
      const stride = rows === 1 ? track.column : track.row;
      if (stride > 0) address = i32.add(address, i32.mul(first, stride));
      f.set(this.#walkers[i], address);
    });
    const firstPixel = i32.mul(first, rows === 1 ? 1 : columns);
    f.set(this.#pixel, image ? i32.add(firstPixel, i32.mul(image, rows * columns)) : firstPixel);
    const step = this.#atATime;
    if (rows === 1) {
      f.repeat(i32.shrU(count, 31 - Math.clz32(step.columns)), () => this.#columns());
      return;
    }
    f.repeat(count, () => {
      f.repeat(columns / step.columns, () => this.#columns());
      tracks.forEach((track, i) => {
        f.advance(this.#walkers[i], track.row - columns * track.column);
      });
    });
  }

  /** A few columns, all channels. */
  #columns(): void {
    const f = this.#f;
    const { columns, blocks } = this.#atATime;
    const { blocks: all, tracks } = this.#walk;
    // The last ones are written by themselves: they may be fewer, or have pad channels.
    const turns = Math.ceil(all / blocks) - 1;
    f.set(this.#accumulators, this.#sums);
    f.set(this.#block, i32.const(0));
    if (turns > 0) {
      f.repeat(turns, () => {
        this.#step(blocks, false);
        tracks.forEach((track, i) => {
          f.advance(this.#walkers[i], track.block * blocks);
        });
        f.advance(this.#accumulators, vectorBytes * blocks);
        f.advance(this.#block, blocks);
      });
    }
    this.#step(all - turns * blocks, this.#spec.view.c % 4 > 0);
    tracks.forEach((track, i) => {
      f.advance(this.#walkers[i], track.column * columns - track.block * turns * blocks);
    });
    f.advance(this.#pixel, columns);
  }

  /** A few columns of a few vectors of channels, neighbours side by side. */
  #step(blocks: number, isPadded: boolean): void {
    const f = this.#f;
    const { columns } = this.#atATime;
    const areNeighbours = this.#walk.tracks.every((track) => isScalar(track) || track.column === vectorBytes);
    if (this.#inPairs && blocks === 1 && columns % 2 === 0 && areNeighbours) {
      for (let column = 0; column < columns; column += 2) {
        f.lockstep(2, (copy) => this.#element(column + copy, 0, isPadded ? 'own' : 'none', this.#fixed));
      }
      return;
    }
    for (let block = 0; block < blocks; ) {
      const copies = this.#inPairs && block + 1 < blocks ? 2 : 1;
      const isLast = isPadded && block + copies === blocks;
      const shared: ReadonlyMap<number, Code>[] = [];
      f.lockstep(copies, (copy) => shared.push(this.#shared(block + copy)));
      for (let column = 0; column < columns; column++) {
        f.lockstep(copies, (copy) => {
          const pads = !isLast ? 'none' : copy === copies - 1 ? 'own' : 'neighbour';
          this.#element(column, block + copy, pads, shared[copy]);
        });
      }
      block += copies;
    }
  }

  /** What the columns at hand share: of a vector of channels, and of everything. */
  #shared(block: number): ReadonlyMap<number, Code> {
    const shared = new Map(this.#fixed);
    this.#tracks.forEach((track, leaf) => {
      const { column, block: stride } = this.#walk.tracks[track];
      if (column > 0 || shared.has(leaf)) return;
      shared.set(leaf, this.#f.vector(this.#load(leaf, this.#walkers[track], block * stride)));
    });
    return shared;
  }

  #element(column: number, block: number, pads: Pads, shared: ReadonlyMap<number, Code>): void {
    const f = this.#f;
    const { leaves, nodes, stores, sums, view } = this.#spec;
    const offset = (track: Track): number => column * track.column + block * track.block;
    const loaded = leaves.map((_, i): Code => {
      const known = shared.get(i);
      if (known) return known;
      const code = this.#load(i, this.#walkers[this.#tracks.get(i)!], offset(this.#trackOf(i)));
      return this.#uses[i] > 1 ? f.vector(code) : code;
    });
    const place = { pixel: i32.add(this.#pixel, column), block: i32.add(this.#block, block) };
    const computed = computeNodes(this.#e, f, nodes, loaded, this.#uses, place);
    const lane = (i: number): number => (pads === 'own' && i >= view.c % 4 ? 0 : -1);
    const mask = i32x4.const(lane(0), lane(1), lane(2), lane(3));
    const masked = (value: number): Code => (pads === 'none' ? computed[value] : v128.and(computed[value], mask));
    const firstStore = this.#walk.tracks.length - stores.length;
    // All are computed before any is stored: a store may overwrite what was loaded.
    const results = stores.map(({ value }) => f.vector(masked(value)));
    const places = sums.map((_, i) => ((i * this.#atATime.columns + column) * this.#walk.blocks + block) * vectorBytes);
    const totals = sums.map((value, i) => f.vector(f32x4.add(v128.load(this.#accumulators, places[i]), masked(value))));
    stores.forEach((_, i) => {
      const walker = firstStore + i;
      f.emit(v128.store(this.#walkers[walker], results[i], offset(this.#walk.tracks[walker])));
    });
    totals.forEach((total, i) => {
      f.emit(v128.store(this.#accumulators, total, places[i]));
    });
  }
}
