// How tiles are dealt out: a block of tiles is what goes through a kernel at a time, a unit of work is one block or several.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Image } from '../../step.ts';
import { type Code, i32 } from '../../wasm.ts';
import { type Filters, positionsOf, weightPositionsOf } from './filters.ts';
import { vectorsAGroup } from './products.ts';
import { patchKernel, type TileTransforms } from './tiles.ts';
import { workBytes } from './transforms.ts';

/** A block's patches and products should stay in the second cache level, and the weights for all blocks in the third. */
const fusedBytes = 640 * 1024;
const fusedWeightBytes = 1024 * 1024;
const largestBlock = 32;
/** With fewer tiles, a block would spend too much of its time on reading weights. */
const smallestFusedBlock = 8;
const fewBlocks = 4;

/** Tiles of a block: 32, or fewer where a small batch would leave threads without work. */
export function blockOf(tiles: number): number {
  return Math.min(largestBlock, Math.max(4, Math.ceil(tiles / 32) * 4));
}

/**
 * Into how many pieces the output channels of a block are cut, where there are few blocks for threads to share. Each piece
 * transforms the patches anew, so it should have 32 channels for them at least.
 */
export function piecesOf(e: Emitter, blocks: number, outVectors: number): number {
  const wanted = Math.min(Math.ceil(fewBlocks / blocks), Math.floor(outVectors / 8));
  return wanted > 1 && outVectors % (wanted * vectorsAGroup(e)) === 0 ? wanted : 1;
}

/** Tiles of a block that goes through all stages at once; none where its memory or the weights would not stay in the cache. */
export function fusedBlockOf(
  filters: Filters,
  tiles: number,
  inVectors: number,
  outVectors: number,
): number | undefined {
  const weightBytes = weightPositionsOf(filters) * inVectors * 4 * outVectors * vectorBytes;
  const tileBytes = positionsOf(filters) * (inVectors + outVectors) * vectorBytes;
  const fitting = Math.floor(fusedBytes / tileBytes / 4) * 4;
  if (fitting < smallestFusedBlock || weightBytes > fusedWeightBytes) return undefined;
  return Math.min(blockOf(tiles), fitting);
}

interface Blocks {
  readonly from: Local;
  readonly to: Local;
  /** Units share the blocks out evenly. */
  readonly units: number;
  readonly blocks: number;
  /** Tiles of a block, and of all. */
  readonly block: number;
  readonly tiles: number;
  /** Each unit is done so many times, each time another piece of it. 1 by default. */
  readonly pieces?: number;
}

/** For each block of each unit: its first tile, and how many it has. */
export function forEachBlock(
  f: FunctionBuilder,
  { from, to, units, blocks, block, tiles, pieces = 1 }: Blocks,
  beginUnit: (unit: Local, piece: Code) => (tile: Local, count: Local) => void,
): void {
  f.for(from, to, (index) => {
    const unit = pieces === 1 ? index : f.let(i32.divU(index, pieces));
    const body = beginUnit(unit, pieces === 1 ? i32.const(0) : i32.remU(index, pieces));
    const bound = (index: Code): Code => i32.divU(i32.mul(index, blocks), units);
    f.for(bound(unit), f.let(bound(i32.add(unit, 1))), (index) => {
      const tile = f.let(i32.mul(index, block));
      body(tile, f.least(i32.sub(tiles, tile), block));
    });
  });
}

/** Offsets of pieces behind one another, each at a multiple of 64. */
export function layOut(...bytes: readonly number[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets: number[] = [];
  let end = 0;
  for (const piece of bytes) {
    offsets.push(end);
    end += Math.ceil(piece / 64) * 64;
  }
  return { offsets, bytes: end };
}

/** A step that takes all patches of some images: [position][tile][channel]. */
export function stagePatches(
  e: Emitter,
  name: string,
  { buffer }: Image,
  patches: TileTransforms,
  block: number,
): Buffer {
  const { transforms, tiling, geometry, stride } = patches;
  const kernelOfBlock = patchKernel(e, patches);
  const taken = e.scratch('winograd patches', transforms[0].outputs * transforms[1].outputs * stride);
  const blocks = Math.ceil(tiling.count / block);
  const kernel = e.module.once(
    'winograd patches',
    [kernelOfBlock.index, block],
    5,
    (f, source, target, work, from, to) => {
      forEachBlock(f, { from, to, units: blocks, blocks, block, tiles: tiling.count }, () => (tile, count) => {
        f.call(kernelOfBlock, source, i32.add(target, i32.mul(tile, geometry.stored * 4)), work, tile, count);
      });
    },
  );
  e.step({
    name: `${name}, patches`,
    kernel,
    arguments: [buffer, taken, { threadBytes: workBytes }],
    units: blocks,
    reads: [buffer],
    writes: [taken],
  });
  return taken;
}
