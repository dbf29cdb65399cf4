// The threads that help the one which runs a program. Each waits for a number in shared memory to change, runs the function of
// that number, and waits again; to take a new program it goes back to its event loop for the message that brings it.
//
//   command   0   read your messages          n > 0   run function n
//
// A helper's code is the text of `helperMain`: one function without imports, the same in a worker thread of Node and in a
// Web Worker, so that no bundler has to know of it.

import { ResiduaError } from '../../errors.ts';

/** A worker of the platform. */
export interface Helper {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onFailure(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
}

/** Starts a worker that runs the source; in it, `helperMain` is called with its way to talk. */
export type StartHelper = (thread: number) => Helper;

/** Words of the control memory, in int32. */
const commandWord = 0;
const turnWord = 1;
export const helperControlWords = 2;

interface Link {
  onMessage(listener: (message: HelperMessage) => void): void;
  post(message: string): void;
}

type HelperMessage =
  | {
      readonly kind: 'start';
      readonly thread: number;
      readonly memory: WebAssembly.Memory;
      readonly control: Int32Array;
    }
  | {
      readonly kind: 'load';
      readonly functions: Readonly<Record<number, string>>;
      readonly module: WebAssembly.Module;
    };

/** Runs in the worker. It must not refer to anything outside. */
function helperMain(link: Link): void {
  const spins = 50_000;
  const functions = new Map<number, (thread: number) => void>();
  let thread = 0;
  let memory: WebAssembly.Memory;
  let control: Int32Array;
  link.onMessage((message) => {
    if (message.kind === 'start') {
      ({ thread, memory, control } = message);
    } else {
      const instance = new WebAssembly.Instance(message.module, { env: { memory } });
      for (const [id, name] of Object.entries(message.functions)) {
        functions.set(Number(id), instance.exports[name] as (thread: number) => void);
      }
    }
    let turn = Atomics.load(control, 1);
    link.post('ready');
    for (;;) {
      for (let left = spins; left > 0 && Atomics.load(control, 1) === turn; left--);
      while (Atomics.load(control, 1) === turn) Atomics.wait(control, 1, turn);
      turn = Atomics.load(control, 1);
      const id = Atomics.load(control, 0);
      if (id === 0) return;
      functions.get(id)!(thread);
    }
  });
}

export const helperSource = `(${helperMain.toString()})`;

/** All helpers of a device. */
export class ThreadPool {
  readonly #helpers: readonly Helper[];
  readonly #control: Int32Array;
  #ready: () => void = () => {};
  #waitingFor = 0;
  #failure: Error | undefined;
  #fail: (error: Error) => void = () => {};

  private constructor(helpers: readonly Helper[]) {
    this.#helpers = helpers;
    const bytes = helperControlWords * Int32Array.BYTES_PER_ELEMENT;
    // Without helpers nothing is shared, and a browser may not even know the word.
    this.#control = new Int32Array(helpers.length > 0 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    for (const helper of helpers) {
      helper.onMessage(() => {
        if (--this.#waitingFor === 0) this.#ready();
      });
      helper.onFailure((error) => {
        this.#failure = error;
        this.#fail(error);
      });
    }
  }

  /** @param threads with the caller's own */
  static async start(threads: number, memory: WebAssembly.Memory, startHelper: StartHelper): Promise<ThreadPool> {
    const pool = new ThreadPool(Array.from({ length: threads - 1 }, (_, i) => startHelper(i + 1)));
    try {
      await pool.#tell((thread) => ({ kind: 'start', thread, memory, control: pool.#control }));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** Gives every helper a module and the numbers of its exported functions, each 1 or more. */
  async load(module: WebAssembly.Module, functions: Readonly<Record<number, string>>): Promise<void> {
    this.#command(0);
    await this.#tell(() => ({ kind: 'load', functions, module }));
  }

  /** Has the helpers run a function; the caller must run it too. */
  begin(id: number): void {
    if (this.#failure) throw failed(this.#failure);
    this.#command(id);
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }

  #command(id: number): void {
    Atomics.store(this.#control, commandWord, id);
    Atomics.add(this.#control, turnWord, 1);
    Atomics.notify(this.#control, turnWord);
  }

  #tell(message: (thread: number) => HelperMessage): Promise<void> {
    if (this.#helpers.length === 0) return Promise.resolve();
    this.#waitingFor = this.#helpers.length;
    const answered = new Promise<void>((resolve, reject) => {
      this.#ready = resolve;
      this.#fail = (error) => reject(failed(error));
    });
    this.#helpers.forEach((helper, i) => {
      helper.post(message(i + 1));
    });
    return answered;
  }
}

function failed(cause: Error): ResiduaError {
  return new ResiduaError(`a thread of the cpu device has failed: ${cause.message}`, {
    hint: 'Run again, with --threads 1 if it happens again.',
    cause,
  });
}
