// How the page and its workers talk: calls with an answer, and events on the way to it.
//
//   page    client.call('predict', argument, { onEvent, signal })  -->  worker   jobs.predict(argument, { emit, signal })
//           answer, or the error with its hint                     <--
//
// What an argument or answer holds is copied; arrays named in `transfer` are handed over.

import { ResiduaError } from '../../../errors.ts';

export interface JobContext {
  /** Tells the caller something on the way. */
  emit(event: unknown): void;
  /** The caller wants no answer any more. */
  readonly signal: AbortSignal;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of functions of any kind; callers see their own types
export type Jobs = Readonly<Record<string, (argument: any, context: JobContext) => unknown>>;

type Request =
  | { readonly id: number; readonly job: string; readonly argument: unknown }
  | { readonly id: number; readonly abort: true };

type Response =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly event: unknown }
  | { readonly id: number; readonly error: string; readonly hint?: string };

/** An answer that hands its arrays over instead of copying them. */
export class Transfer<T> {
  readonly answer: T;
  readonly buffers: Transferable[];

  constructor(answer: T, buffers: Transferable[]) {
    this.answer = answer;
    this.buffers = buffers;
  }
}

/** What a dedicated worker has; TypeScript knows it only where it knows no document. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(response: Response, buffers: Transferable[]): void;
}

/** The worker's side: does jobs as they come, each as soon as it comes. */
export function serveJobs(jobs: Jobs): void {
  const scope = globalThis as unknown as WorkerScope;
  const running = new Map<number, AbortController>();
  const post = (response: Response, buffers: Transferable[] = []) => scope.postMessage(response, buffers);
  scope.onmessage = async ({ data }) => {
    const { id } = data;
    if ('abort' in data) return running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const emit = (event: unknown) => post({ id, event });
      const answer = await jobs[data.job](data.argument, { emit, signal: controller.signal });
      if (answer instanceof Transfer) post({ id, answer: answer.answer }, answer.buffers);
      else post({ id, answer });
    } catch (error) {
      const hint = error instanceof ResiduaError ? error.hint : undefined;
      post({ id, error: error instanceof Error ? error.message : String(error), hint });
    } finally {
      running.delete(id);
    }
  };
}

export interface CallOptions {
  readonly onEvent?: (event: unknown) => void;
  /** Aborted: the worker is told, and the call ends with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly transfer?: Transferable[];
}

type Answer<Job> = Job extends (...parameters: never[]) => infer R
  ? Awaited<R> extends Transfer<infer T>
    ? T
    : Awaited<R>
  : never;

/** The page's side. */
export class WorkerClient<J extends Jobs> {
  readonly #start: () => Worker;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #calls = 0;

  /** @param start makes the worker, when it is needed first */
  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** @throws ResiduaError with the worker's message and hint */
  call<Name extends keyof J & string>(
    job: Name,
    argument: Parameters<J[Name]>[0],
    { onEvent, signal, transfer = [] }: CallOptions = {},
  ): Promise<Answer<J[Name]>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = this.#calls++;
      const worker = this.#open();
      signal?.addEventListener('abort', () => {
        if (!this.#waiting.delete(id)) return;
        worker.postMessage({ id, abort: true } satisfies Request);
        reject(signal.reason);
      });
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject, onEvent });
      worker.postMessage({ id, job, argument } satisfies Request, transfer);
    });
  }

  /** Ends the worker at once; calls under way end with an error. The next call starts a new one. */
  terminate(reason = 'the worker was ended'): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new ResiduaError(reason));
    this.#waiting.clear();
  }

  #open(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Response>) => {
      const waiting = this.#waiting.get(data.id);
      if (!waiting) return;
      if ('event' in data) return waiting.onEvent?.(data.event);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting.reject(new ResiduaError(data.error, { hint: data.hint }));
      else waiting.resolve(data.answer);
    };
    worker.onerror = ({ message }) => this.terminate(message || 'the worker could not be started');
    return worker;
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(reason: unknown): void;
  readonly onEvent?: (event: unknown) => void;
}
