// A function of a program, run by all threads. Nearly always that is one call, which returns when all are done. Where others
// are so late that the first thread has given up waiting (program-writer.ts), it waits on with a look at the event loop every
// second, where the death of a helper would be heard of, and then does the phases that are left one by one. A slow machine,
// or one that was asleep, only takes longer.

import type { ThreadPool } from './threads.ts';

/** What a module exports: each takes the thread's number and says how far it has come. */
export type Exports = Readonly<Record<string, (thread: number) => number>>;

export interface ThreadedFunctionParts {
  readonly exports: Exports;
  /** Of the whole, and of its phases in order. */
  readonly name: string;
  readonly phases: readonly string[];
  readonly pool: ThreadPool;
  /** The helpers' number for it. */
  readonly id: number;
}

export class ThreadedFunction {
  readonly #parts: ThreadedFunctionParts;
  readonly #whole: (thread: number) => number;

  constructor(parts: ThreadedFunctionParts) {
    this.#parts = parts;
    this.#whole = parts.exports[parts.name];
  }

  /**
   * Blocks until all threads are done; a promise of that when it takes long.
   *
   * @throws ResiduaError when a helper has died
   */
  run(): undefined | Promise<undefined> {
    const { pool, id } = this.#parts;
    pool.begin(id);
    const done = this.#whole(0);
    return done === 0 ? undefined : pool.underWay(this.#goOn(done).then(() => undefined));
  }

  /** Runs it phase by phase. @returns the seconds of each */
  profile(): Promise<number[]> {
    const { pool, id } = this.#parts;
    pool.begin(id);
    return pool.underWay(this.#goOn(0));
  }

  /** @param done phases that this thread has done; others are still at the last of them */
  async #goOn(done: number): Promise<number[]> {
    const { phases, exports, pool } = this.#parts;
    const waitForHelpers = () => pool.waitUntil(() => exports.wait(0) === 0);
    if (done > 0) await waitForHelpers();
    const seconds: number[] = [];
    for (const name of phases.slice(done)) {
      const start = performance.now();
      if (exports[name](0) !== 0) await waitForHelpers();
      seconds.push((performance.now() - start) / 1000);
    }
    return seconds;
  }
}
