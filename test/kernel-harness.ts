// Runs kernels by themselves, without compiler, device or threads: an emitter that collects steps, a memory for their
// buffers, and calls of each step's units in any order. The picture to have in mind is a workbench that is out to catch
// kernels: whatever they must not rely on is NaN (results before they are written, scratch, the thread's memory before every
// unit, the gaps between buffers), and whatever they must not touch is compared with what it was (inputs, halos, gaps).

import { type FunctionBuilder, ModuleBuilder } from '../src/devices/cpu/assembler.ts';
import { type Geometry, geometry, type Halo, noHalo } from '../src/devices/cpu/geometry.ts';
import { Heap, initialPages, maximumPages } from '../src/devices/cpu/heap.ts';
import { partBytes } from '../src/devices/cpu/kernels/channel-sums.ts';
import { argumentsOf, scratchBytesOf } from '../src/devices/cpu/program-writer.ts';
import type { Buffer, Emitter, Image, Step, Weights } from '../src/devices/cpu/step.ts';
import { gather, type Places, type Route, routeOf, scatter } from '../src/devices/cpu/transfer.ts';
import { f32x4 } from '../src/devices/cpu/wasm.ts';

export interface HarnessOptions {
  /** Fused multiply-add. Node 20 needs prepareV8() first. */
  readonly relaxed?: boolean;
  readonly shared?: boolean;
  readonly wide?: boolean;
}

interface ImageView {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

interface WeightView {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** whole: every step in one call. scattered: unit by unit, in an order that is neither up nor down. */
export type Order = 'whole' | 'scattered';

const gapBytes = 256;
const gapPattern = 0x7fc0_dead | 0;
const patternsOf = (memory: WebAssembly.Memory, address: number, bytes: number): Int32Array =>
  new Int32Array(memory.buffer, address, bytes / 4);

export function createHarness({ relaxed = false, shared = false, wide = false }: HarnessOptions = {}) {
  const heap = new Heap(shared);
  const module = new ModuleBuilder();
  const steps: Step[] = [];
  const addresses = new Map<Buffer, number>();
  const gaps: number[] = [];
  const scratches: Buffer[] = [];
  let exports: Record<string, (...values: number[]) => void> | undefined;
  let threadMemory = { address: 0, bytes: 0 };

  const placeGap = (): void => {
    const address = heap.allocate(gapBytes, 'a gap');
    gaps.push(address);
    patternsOf(heap.memory, address, gapBytes).fill(gapPattern);
  };
  const place = (name: string, bytes: number): Buffer => {
    if (gaps.length === 0) placeGap();
    const buffer = { name, bytes };
    addresses.set(buffer, heap.allocate(bytes, name));
    placeGap();
    return buffer;
  };
  const bytesOf = (buffer: Buffer): Int32Array => patternsOf(heap.memory, addresses.get(buffer)!, buffer.bytes);

  const emitter: Emitter = {
    module,
    wide,
    madd: (a, b, c) => (relaxed ? f32x4.relaxedMadd(a, b, c) : f32x4.add(c, f32x4.mul(a, b))),
    nmadd: (a, b, c) => (relaxed ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b))),
    scratch: (name, bytes) => {
      const buffer = place(name, Math.ceil(bytes / 16) * 16);
      scratches.push(buffer);
      return buffer;
    },
    step: (step) => steps.push(step),
  };

  const imageRoute = (g: Geometry): Route =>
    routeOf(
      [
        ['n', g.n],
        ['c', g.c],
        ['h', g.h],
        ['w', g.w],
      ],
      g,
    );
  const weightRoute = ({ kernelHeight, kernelWidth, inChannels, outChannels }: WeightView): Route => {
    const places: Places = [
      ['c', outChannels],
      ['w', inChannels],
      ['n', kernelHeight],
      ['h', kernelWidth],
    ];
    return routeOf(places, weightGeometry({ kernelHeight, kernelWidth, inChannels, outChannels }));
  };
  const weightGeometry = ({ kernelHeight, kernelWidth, inChannels, outChannels }: WeightView): Geometry =>
    geometry({ n: kernelHeight, h: kernelWidth, w: inChannels, c: outChannels });
  const routeTo = (target: Image | Weights): Route =>
    'geometry' in target ? imageRoute(target.geometry) : weightRoute(target);
  const start = ({ buffer }: Image | Weights): number => addresses.get(buffer)! / 4;
  const sizeOf = (target: Image | Weights): number => routeTo(target).extents.reduce((a, b) => a * b, 1);

  const instantiate = () => {
    if (exports) return exports;
    const kernels = new Map<FunctionBuilder, string>();
    for (const { kernel } of steps) kernels.set(kernel, `kernel${kernel.index}`);
    for (const [kernel, name] of kernels) module.export(name, kernel);
    const bytes = Math.max(64, scratchBytesOf(steps));
    threadMemory = { address: heap.allocate(bytes, 'the thread'), bytes };
    placeGap();
    const compiled = new WebAssembly.Module(
      module.encode({ pages: { initial: initialPages, maximum: maximumPages }, shared }),
    );
    const instance = new WebAssembly.Instance(compiled, { env: { memory: heap.memory } });
    exports = instance.exports as typeof exports & object;
    return exports;
  };
  const valuesOf = (step: Step): number[] =>
    argumentsOf(step).map((argument) => {
      if (typeof argument === 'number') return argument;
      if ('threadBytes' in argument) return threadMemory.address;
      return 'offset' in argument ? addresses.get(argument.buffer)! + argument.offset : addresses.get(argument)!;
    });

  return {
    emitter,
    steps: steps as readonly Step[],

    /** An image of zeros with its halo. Without halo it is also a matrix: n rows, c columns, h = w = 1. */
    image(view: ImageView, halo: Halo = noHalo): Image {
      const g = geometry(view, halo);
      return { buffer: place('image', g.bytes), geometry: g };
    },

    weights(view: WeightView): Weights {
      const g = weightGeometry(view);
      const strides = { row: g.imageBytes, column: g.rowBytes, in: g.pixelBytes, out: 4 };
      return { ...view, buffer: place('weights', g.bytes), strides };
    },

    /** Values in PyTorch's order: NCHW, or [out, in, row, column]. */
    fill(target: Image | Weights, values: Float32Array): void {
      scatter(values, heap.numbers('float32'), start(target), routeTo(target));
    },

    read(target: Image | Weights): Float32Array {
      const values = new Float32Array(sizeOf(target));
      gather(values, heap.numbers('float32'), start(target), routeTo(target));
      return values;
    },

    /** A result: all that the kernels have to write is NaN, the halo is 0. */
    clear(target: Image | Weights): void {
      if ('geometry' in target) {
        const { geometry: g } = target;
        const padded = { buffer: target.buffer, geometry: { ...g, c: g.stored } };
        bytesOf(target.buffer).fill(0);
        this.fill(padded, new Float32Array(sizeOf(padded)).fill(Number.NaN));
      } else bytesOf(target.buffer).fill(gapPattern);
    },

    /** The float32 values of a buffer as they lie, pads and halos included. */
    memoryOf({ buffer }: { readonly buffer: Buffer }): Float32Array {
      return new Float32Array(heap.memory.buffer, addresses.get(buffer)!, buffer.bytes / 4).slice();
    },

    /** Whether nothing but the tensor's own elements differs from 0: halo and pad channels don't. */
    isZeroAround(target: Image | Weights): boolean {
      const values = this.read(target);
      this.fill(target, new Float32Array(values.length));
      const isZero = bytesOf(target.buffer).every((pattern) => pattern === 0);
      this.fill(target, values);
      return isZero;
    },

    /** Channel sums: the rows of a buffer of partial sums, added up. */
    sumOfParts(buffer: Buffer, parts: number, channels: number): Float64Array {
      const perPart = partBytes(channels) / 8;
      const rows = new Float64Array(heap.memory.buffer, addresses.get(buffer)!, perPart * parts);
      const sums = Float64Array.from({ length: channels }, () => 0);
      for (let part = 0; part < parts; part++) for (let c = 0; c < channels; c++) sums[c] += rows[part * perPart + c];
      return sums;
    },

    /** Runs all steps. Throws if one of them changed a buffer that it doesn't declare, or wrote between buffers. */
    run(order: Order = 'whole'): void {
      const functions = instantiate();
      for (const buffer of scratches) bytesOf(buffer).fill(gapPattern);
      const call = (step: Step, from: number, to: number): void => {
        patternsOf(heap.memory, threadMemory.address, threadMemory.bytes).fill(gapPattern);
        functions[`kernel${step.kernel.index}`](...valuesOf(step), from, to);
      };
      for (const step of steps) {
        const others = [...addresses.keys()].filter((buffer) => !step.writes.includes(buffer));
        const before = others.map((buffer) => bytesOf(buffer).slice());
        if (order === 'whole') call(step, 0, step.units);
        else for (const unit of scattered(step.units)) call(step, unit, unit + 1);
        others.forEach((buffer, i) => {
          if (!equalPatterns(bytesOf(buffer), before[i])) throw new Error(`${step.name} changed its ${buffer.name}`);
        });
        for (const gap of gaps) {
          const isWhole = patternsOf(heap.memory, gap, gapBytes).every((pattern) => pattern === gapPattern);
          if (!isWhole) throw new Error(`${step.name} wrote beside its buffers`);
        }
      }
    },

    /** Runs all steps, or some, with no check at all: as fast as they are. */
    runUnchecked(some: readonly Step[] = steps): void {
      const functions = instantiate();
      for (const step of some) functions[`kernel${step.kernel.index}`](...valuesOf(step), 0, step.units);
    },
  };
}

export type Harness = ReturnType<typeof createHarness>;

function equalPatterns(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** 0..count-1, each once: every k-th modulo a count that k doesn't divide, from the end. */
function scattered(count: number): number[] {
  const isCoprime = (k: number): boolean =>
    Array.from({ length: k - 1 }, (_, i) => i + 2).every((d) => k % d || count % d);
  let step = Math.max(1, Math.floor(count * 0.62));
  while (!isCoprime(step)) step++;
  return Array.from({ length: count }, (_, i) => count - 1 - ((i * step) % count));
}
