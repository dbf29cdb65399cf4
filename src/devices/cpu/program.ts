// A compiled program: feeds its inputs, has the threads run it, hands out its outputs.

import type { DType, Input, Variable } from '../../tensor/tensor.ts';
import type { Feed, Program, StepTime, Values } from '../device.ts';
import { feedOf } from '../graph.ts';
import type { Heap } from './heap.ts';
import type { Step } from './step.ts';
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
  readonly phases: readonly { readonly steps: readonly Step[]; run(thread: number): void }[];
  /**
   * Blocks until all threads are done.
   *
   * @param execute does this thread's share; all of it by default
   */
  run(execute?: (thread: number) => void): void;
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

  run(feeds: Readonly<Record<string, Feed>>): Record<string, Values> {
    this.#feed(feeds);
    this.#parts.run();
    const { heap, outputs } = this.#parts;
    for (const { name, dtype, address, route } of outputs) {
      gather(this.#outputs[name], heap.numbers(dtype), address / 4, route);
    }
    return this.#outputs;
  }

  profile(feeds: Readonly<Record<string, Feed>>): StepTime[] {
    this.#feed(feeds);
    const times: StepTime[] = [];
    this.#parts.run((thread) => {
      for (const { steps, run } of this.#parts.phases) {
        const start = performance.now();
        run(thread);
        const seconds = (performance.now() - start) / 1000;
        const names = [...new Set(steps.map(({ name }) => name))];
        const operations = steps.reduce((sum, step) => sum + (step.operations ?? 0), 0);
        times.push({ name: names.join(' + '), seconds, operations });
      }
    });
    return times;
  }

  #feed(feeds: Readonly<Record<string, Feed>>): void {
    const { heap, inputs } = this.#parts;
    for (const { input, address, route } of inputs) {
      const feed = feedOf(input as Input, feeds);
      const values = typeof feed === 'number' ? this.#scalar[input.dtype].fill(feed) : feed;
      scatter(values, heap.numbers(input.dtype), address / 4, route);
    }
  }
}
