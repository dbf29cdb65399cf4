// Where the buffers of a program lie. A buffer is alive from the step that writes it first to the one that reads it last;
// buffers that are never alive at the same time share memory. Two kinds don't mix:
//
//   slots   images with a halo. Kernels write only the pixels within, so the halo stays zero if the memory is only ever
//           used by images of the same geometry: a slot belongs to one geometry for good, and starts as zeros.
//   arena   everything else. Whoever writes it writes all of it.

import { type Geometry, hasHalo } from './geometry.ts';
import type { Buffer, Step } from './step.ts';

const alignment = 64;
export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** A buffer of a program, as its planner knows it. */
export interface PlannedBuffer extends Buffer {
  readonly geometry?: Geometry;
  /** Written by the host before each run. */
  readonly isInput?: boolean;
  /** Read by the host after each run. */
  readonly isOutput?: boolean;
}

export interface MemoryPlan {
  /** From the start of the program's memory. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

interface Lifetime {
  readonly buffer: PlannedBuffer;
  /** Numbers of steps; -1 is before the first one, `steps.length` after the last. */
  readonly first: number;
  readonly last: number;
}

/**
 * @param buffers those of the program; variables, which live elsewhere, are not among them
 * @param preparation steps whose results stay for many runs
 * @param steps of each run
 */
export function planMemory(
  buffers: readonly PlannedBuffer[],
  preparation: readonly Step[],
  steps: readonly Step[],
): MemoryPlan {
  const lifetimes = lifetimesOf(buffers, [...preparation, ...steps], preparation.length);
  const offsets = new Map<Buffer, number>();
  const slots = lifetimes.filter(({ buffer }) => buffer.geometry && hasHalo(buffer.geometry));
  const slotBytes = placeSlots(slots, offsets);
  const arena = lifetimes.filter(({ buffer }) => !buffer.geometry || !hasHalo(buffer.geometry));
  return { offsets, bytes: placeArena(arena, slotBytes, offsets) };
}

function lifetimesOf(buffers: readonly PlannedBuffer[], steps: readonly Step[], prepared: number): Lifetime[] {
  const end = steps.length;
  const uses = new Map<Buffer, number[]>(
    buffers.map((buffer) => [buffer, [...(buffer.isInput ? [-1] : []), ...(buffer.isOutput ? [end] : [])]]),
  );
  steps.forEach((step, i) => {
    for (const buffer of [...step.reads, ...step.writes]) uses.get(buffer)?.push(i);
  });
  return buffers
    .filter((buffer) => uses.get(buffer)!.length > 0)
    .map((buffer) => {
      const [first, last] = [Math.min(...uses.get(buffer)!), Math.max(...uses.get(buffer)!)];
      return { buffer, first, last: first >= 0 && first < prepared && last >= prepared ? end : last };
    })
    .sort((a, b) => a.first - b.first);
}

function placeSlots(lifetimes: readonly Lifetime[], offsets: Map<Buffer, number>): number {
  const slots = new Map<string, { offset: number; last: number }[]>();
  let bytes = 0;
  for (const { buffer, first, last } of lifetimes) {
    const key = JSON.stringify(buffer.geometry);
    const own = slots.get(key) ?? [];
    slots.set(key, own);
    let slot = own.find((candidate) => candidate.last < first);
    if (!slot) {
      slot = { offset: bytes, last };
      own.push(slot);
      bytes += aligned(buffer.bytes);
    }
    slot.last = last;
    offsets.set(buffer, slot.offset);
  }
  return bytes;
}

/** Large buffers first, each at the lowest place that is free while it is alive. */
function placeArena(lifetimes: readonly Lifetime[], start: number, offsets: Map<Buffer, number>): number {
  // By offset, so that one walk finds the place. A network of a thousand layers has tens of thousands of buffers.
  const placed: { offset: number; end: number; first: number; last: number }[] = [];
  let bytes = start;
  for (const { buffer, first, last } of [...lifetimes].sort((a, b) => b.buffer.bytes - a.buffer.bytes)) {
    let offset = start;
    for (const other of placed) {
      if (other.first > last || first > other.last) continue;
      if (offset + buffer.bytes <= other.offset) break;
      offset = Math.max(offset, other.end);
    }
    const end = offset + aligned(buffer.bytes);
    placed.splice(placeIn(placed, offset), 0, { offset, end, first, last });
    offsets.set(buffer, offset);
    bytes = Math.max(bytes, end);
  }
  return bytes;
}

/** The number of those that lie no further back. */
function placeIn(sorted: readonly { readonly offset: number }[], offset: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle].offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
