// The cpu device in a browser. Its place is a Web Worker: there it may wait for its helpers, which are Web Workers of their own,
// and the page stays free. Helpers need memory that all of them share, and a browser gives that only to pages which are
// cross-origin isolated; without, and on a page's main thread, which must never wait, the device works alone. That changes
// the speed and nothing else: results don't depend on the number of threads.

import { ResiduaError } from '../../errors.ts';
import type { Device } from '../device.ts';
import { createCpuDevice } from './device.ts';
import { type Helper, helperSource } from './threads.ts';

/**
 * @param options.threads at most so many, the number of cores by default; 1 where the browser allows no more (`device.threads`
 * tells)
 */
export async function createBrowserCpuDevice({
  threads = navigator.hardwareConcurrency,
  strict = false,
}: {
  readonly threads?: number;
  readonly strict?: boolean;
} = {}): Promise<Device> {
  const alone = () => createCpuDevice({ threads: 1, strict, startHelper });
  if (threads > 1 && !mayHaveHelpers()) return alone();
  try {
    return await createCpuDevice({ threads, strict, startHelper });
  } catch (error) {
    // A policy of the page may forbid workers from a blob, and a phone may refuse the memory.
    if (threads > 1 && error instanceof ResiduaError && error.exitCode === 1) return alone();
    throw error;
  }
}

function mayHaveHelpers(): boolean {
  const onMainThread = 'document' in globalThis;
  return !onMainThread && globalThis.crossOriginIsolated && typeof Worker === 'function';
}

function startHelper(thread: number): Helper {
  const lock = `residua ${crypto.randomUUID()}`;
  // A task of its own for each message: an error in it is told to the owner, one in a promise is not.
  const source = `
    const alive = new Promise((held) => {
      navigator.locks.request('${lock}', () => { held(); return new Promise(() => {}); }).catch(held);
    });
    ${helperSource}({
      onMessage: (f) => { onmessage = ({ data }) => alive.then(() => setTimeout(f, 0, data)); },
      post: (m) => postMessage(m),
    });`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: `residua thread ${thread}` });
  let die: (cause: Error) => void = () => {};
  let watched = false;
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => {
        if (!watched) whenReleased(lock, () => die(new Error('the browser has ended it')));
        watched = true;
        URL.revokeObjectURL(url);
        listener(data);
      };
    },
    onDeath: (listener) => {
      die = listener;
      worker.onerror = (event) => {
        event.preventDefault(); // or it would go on to the page, as an error that nobody has seen to
        listener(new Error(event.message || 'the browser did not start it'));
      };
    },
    terminate: async () => worker.terminate(),
  };
}

/**
 * A browser tells of a worker's errors, but not that it is gone. It does take back the locks of one that is, so each helper
 * holds one as long as it lives. Where a page may have no locks, nothing is ever told.
 */
function whenReleased(lock: string, listener: () => void): void {
  const { locks } = navigator;
  const isHeld = (own: Lock | null) => own === null;
  locks
    .request(lock, { ifAvailable: true }, isHeld)
    .then((held) => (held ? locks.request(lock, listener) : undefined))
    .catch(() => {});
}
