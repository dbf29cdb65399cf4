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
  const link = 'onMessage: (f) => { onmessage = ({ data }) => f(data); }, post: (m) => postMessage(m)';
  const source = new Blob([`${helperSource}({ ${link} });`], { type: 'text/javascript' });
  const url = URL.createObjectURL(source);
  const worker = new Worker(url, { name: `residua thread ${thread}` });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => {
        URL.revokeObjectURL(url);
        listener(data);
      };
    },
    onDeath: (listener) => {
      worker.onerror = ({ message }) => listener(new Error(message || 'the browser did not start it'));
    },
    terminate: async () => worker.terminate(),
  };
}
