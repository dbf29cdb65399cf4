// A compiled program: feeds its inputs, has the threads run it, hands out its outputs.

import type { DType, Input, Variable } from '../../tensor/tensor.ts';
import type { Feed, NonFinite, Program, StepTime, Values } from '../device.ts';
import { feedOf } from '../graph.ts';
import type { Heap } from './heap.ts';
import type { Step } from './step.ts';
import type { ThreadPool } from './threads.ts';
import { gather, type Route, scatter } from './transfer.ts';

interface Port {
  /** In bytes. */
  readonly address: number;
  readonly route: Route;
}

export interface CpuProgramParts {
  readonly heap: Heap;
  readonly workspaceBytes: number;
  readonly inputs: readonly (Port & { readonly input: Input | Variable })[];
  readonly outputs: readonly (Port & { readonly name: string; readonly dtype: DType })[];
  /** The steps of each phase. */
  readonly phases: readonly (readonly Step[])[];
  readonly pool: ThreadPool;
  /** Blocks until all threads are done; a promise of that when it takes long. */
  run(): undefined | Promise<undefined>;
  /** @returns the seconds of each phase */
  profile(): readonly number[] | Promise<readonly number[]>;
  /** Does the steps one by one, in this thread, after a look at the variables. */
  examine(): Promise<NonFinite | undefined>;
}

export class CpuProgram implements Program {
  readonly workspaceBytes: number;
  readonly #parts: CpuProgramParts;
  readonly #outputs: Record<string, Values>;
  readonly #scalar = { float32: new Float32Array(1), int32: new Int32Array(1) };

  constructor(parts: CpuProgramParts) {
    this.workspaceBytes = parts.workspaceBytes;
    this.#parts = parts;
    const allocate = (dtype: DType, size: number) =>
      dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
    this.#outputs = Object.fromEntries(
      parts.outputs.map(({ name, dtype, route }) => [
        name,
        allocate(
          dtype,
          route.extents.reduce((a, b) => a * b, 1),
        ),
      ]),
    );
  }

  run(feeds: Readonly<Record<string, Feed>>): Record<string, Values> | Promise<Record<string, Values>> {
    const { late } = this.#parts.pool;
    if (late) return late.then(() => this.run(feeds));
    this.#feed(feeds);
    const running = this.#parts.run();
    return running ? running.then(() => this.#collect()) : this.#collect();
  }

  async profile(feeds: Readonly<Record<string, Feed>>): Promise<StepTime[]> {
    const { pool, phases } = this.#parts;
    await pool.idle();
    this.#feed(feeds);
    const seconds = await this.#parts.profile();
    return phases.map((steps, i) => ({
      name: [...new Set(steps.map(({ name }) => name))].join(' + '),
      seconds: seconds[i],
      operations: steps.reduce((sum, step) => sum + (step.operations ?? 0), 0),
    }));
  }

  async examine(feeds: Readonly<Record<string, Feed>>): Promise<NonFinite | undefined> {
    const { pool, inputs } = this.#parts;
    await pool.idle();
    for (const { input } of inputs) {
      const feed = feedOf(input as Input, feeds);
      const values = typeof feed === 'number' ? [feed] : feed;
      const found = values.find((x) => !Number.isFinite(Math.fround(x)));
      if (found !== undefined) return { tensor: input, found: Math.fround(found) };
    }
    this.#feed(feeds);
    return this.#parts.examine();
  }

  #feed(feeds: Readonly<Record<string, Feed>>): void {
    const { heap, inputs } = this.#parts;
    for (const { input, address, route } of inputs) {
      const feed = feedOf(input as Input, feeds);
      const scalar = this.#scalar[input.dtype];
      if (typeof feed === 'number') scalar[0] = feed;
      scatter(typeof feed === 'number' ? scalar : feed, heap.numbers(input.dtype), address / 4, route);
    }
  }

  #collect(): Record<string, Values> {
    const { heap, outputs } = this.#parts;
    for (const { name, dtype, address, route } of outputs) {
      gather(this.#outputs[name], heap.numbers(dtype), address / 4, route);
    }
    return this.#outputs;
  }
}
