import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FunctionBuilder } from './assembler.ts';
import { geometry } from './geometry.ts';
import { type MemoryPlan, type PlannedBuffer, planMemory } from './memory-plan.ts';
import type { Buffer, Step } from './step.ts';

const kernel = new FunctionBuilder(0, 'none', []);
const step = (reads: readonly Buffer[], writes: readonly Buffer[]): Step => ({
  name: 'step',
  kernel,
  arguments: [],
  units: 1,
  reads,
  writes,
});
const view = { n: 2, h: 4, w: 4, c: 4 };
const padded = geometry(view, { top: 1, left: 1, bottom: 1, right: 1 });

/** Plays the steps on the plan: writes who owns each byte, and checks that every read finds what was written. */
function play(plan: MemoryPlan, preparation: readonly Step[], steps: readonly Step[], runs = 2): void {
  const owners = new Array<Buffer | undefined>(plan.bytes);
  const touch = (buffer: Buffer, use: (place: number) => void): void => {
    const start = plan.offsets.get(buffer)!;
    for (let place = start; place < start + buffer.bytes; place += 16) use(place);
  };
  const execute = ({ reads, writes }: Step): void => {
    for (const buffer of writes) {
      touch(buffer, (place) => {
        owners[place] = buffer;
      });
    }
    for (const buffer of [...reads, ...writes]) touch(buffer, (place) => expect(owners[place]).toBe(buffer));
  };
  for (const each of preparation) execute(each);
  for (let run = 0; run < runs; run++) for (const each of steps) execute(each);
}

describe('a memory plan', () => {
  it('never gives memory to two buffers that are alive at one time', () => {
    const choice = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 14 }),
      reads: fc.array(fc.array(fc.nat(13), { maxLength: 3 }), { minLength: 14, maxLength: 14 }),
      halos: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
      prepared: fc.nat(6),
    });
    fc.assert(
      fc.property(choice, ({ sizes, reads, halos, prepared }) => {
        const buffers = sizes.map(
          (size, i): PlannedBuffer =>
            halos[i]
              ? { name: String(i), bytes: padded.bytes, geometry: padded }
              : { name: String(i), bytes: size * 16 },
        );
        // Step i writes buffer i and reads some that were written before; preparation reads only preparation's.
        const steps = buffers.map((buffer, i) => {
          const known = buffers.slice(0, i);
          return step([...new Set(reads[i].map((k) => known[k]).filter((each) => each !== undefined))], [buffer]);
        });
        const count = Math.min(prepared, steps.length);
        const [preparation, repeated] = [steps.slice(0, count), steps.slice(count)];
        play(planMemory(buffers, preparation, repeated), preparation, repeated);
      }),
    );
  });

  it('uses memory again when its reader is done', () => {
    const buffers = Array.from({ length: 6 }, (_, i): PlannedBuffer => ({ name: String(i), bytes: 1024 }));
    const chain = buffers.map((buffer, i) => step(i === 0 ? [] : [buffers[i - 1]], [buffer]));
    expect(planMemory(buffers, [], chain).bytes).toBe(2 * 1024);
  });

  it('gives the memory of images with a halo only to images of the same geometry', () => {
    const other = geometry({ ...view, c: 8 }, { top: 1, left: 1, bottom: 1, right: 1 });
    const [a, b, c] = [padded, other, padded].map(
      (g, i): PlannedBuffer => ({ name: String(i), bytes: g.bytes, geometry: g }),
    );
    const { offsets } = planMemory([a, b, c], [], [step([], [a]), step([], [b]), step([], [c])]);
    expect(offsets.get(a)).toBe(offsets.get(c));
    expect(offsets.get(b)).not.toBe(offsets.get(a));
  });

  it('keeps what the host feeds and reads for the whole run', () => {
    const input: PlannedBuffer = { name: 'input', bytes: 64, isInput: true };
    const output: PlannedBuffer = { name: 'output', bytes: 64, isOutput: true };
    const late: PlannedBuffer = { name: 'late', bytes: 64 };
    const steps = [step([], [output]), step([input], [late]), step([late], [late])];
    const { offsets } = planMemory([input, output, late], [], steps);
    expect(new Set([input, output, late].map((buffer) => offsets.get(buffer))).size).toBe(3);
  });
});
