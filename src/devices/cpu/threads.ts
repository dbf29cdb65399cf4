// The threads that help the one which runs a program. Each waits for a number in shared memory to change, runs the function of
// that number, and waits again; to take a new program it goes back to its event loop for the message that brings it.
//
//   command   0   read your messages          n > 0   run function n
//
// A helper may die: of an error, for want of memory, or because somebody ended it. The platform tells that in an event, which
// arrives when the caller goes back to its own event loop; whoever waits for helpers has to do that now and then.
//
// A helper's code is the text of `helperMain`: one function without imports, the same in a worker thread of Node and in a
// Web Worker, so that no bundler has to know of it.

import { DeadThreadError, ResiduaError } from '../../errors.ts';

/** A worker of the platform. */
export interface Helper {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called when it has died, of whatever cause; more than once perhaps. */
  onDeath(listener: (cause: Error) => void): void;
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
  #fail: (error: ResiduaError) => void = () => {};
  /** Why no function can be run any more. */
  #failure: ResiduaError | undefined;
  #late: Promise<unknown> | undefined;

  private constructor(helpers: readonly Helper[]) {
    this.#helpers = helpers;
    const bytes = helperControlWords * Int32Array.BYTES_PER_ELEMENT;
    // Without helpers nothing is shared, and a browser may not even know the word.
    this.#control = new Int32Array(helpers.length > 0 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    for (const helper of helpers) {
      helper.onMessage(() => {
        if (--this.#waitingFor === 0) this.#ready();
      });
      helper.onDeath((cause) => {
        const remedy = 'If it happens again, use one thread.';
        this.#failure ??= new DeadThreadError('a thread of the cpu device', cause, remedy);
        this.#fail(this.#failure);
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
    await this.idle();
    this.#assertAlive();
    this.#command(0);
    await this.underWay(this.#tell(() => ({ kind: 'load', functions, module })));
  }

  /** Has the helpers run a function; the caller must run it too. */
  begin(id: number): void {
    this.#assertAlive();
    this.#command(id);
  }

  /**
   * What the helpers are at while the caller doesn't block for it. Until it is over, they and the memory are to be left alone;
   * it never is when a helper has died in it, for then nobody knows what is in memory.
   */
  get late(): Promise<unknown> | undefined {
    return this.#late;
  }

  /** Waits until nothing is late. */
  async idle(): Promise<void> {
    while (this.#late) await this.#late;
  }

  /** @returns the work, which `late` is until it is done */
  underWay<T>(work: Promise<T>): Promise<T> {
    const whole = work.then((result) => {
      this.#late = undefined;
      return result;
    });
    this.#late = whole;
    return whole;
  }

  /**
   * Waits for helpers as long as all of them live.
   *
   * @param wait blocks for a while; whether they have come
   * @throws ResiduaError when one has died
   */
  async waitUntil(wait: () => boolean): Promise<void> {
    do {
      // A timer, not a microtask: what has happened to workers is told before it.
      await new Promise((resolve) => setTimeout(resolve));
      this.#assertAlive();
    } while (!wait());
  }

  async close(): Promise<void> {
    this.#failure ??= new ResiduaError('the cpu device is closed');
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }

  #assertAlive(): void {
    if (this.#failure) throw this.#failure;
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
      this.#fail = reject;
    });
    this.#helpers.forEach((helper, i) => {
      helper.post(message(i + 1));
    });
    return answered;
  }
}
