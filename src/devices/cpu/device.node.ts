// The cpu device on Node: its helpers are worker threads, and the thread that asks for a run works too.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { availableMemory } from '../available-memory.node.ts';
import type { Device } from '../device.ts';
import { createCpuDevice } from './device.ts';
import { type Helper, helperSource } from './threads.ts';
import { prepareV8 } from './v8-flags.node.ts';

/** @param options.threads the number of cores by default */
export async function createNodeCpuDevice({
  threads = availableParallelism(),
  strict = false,
  wide,
}: {
  readonly threads?: number;
  readonly strict?: boolean;
  readonly wide?: boolean;
} = {}): Promise<Device> {
  prepareV8();
  return createCpuDevice({ wide, threads, strict, startHelper, available: availableMemory() });
}

function startHelper(thread: number): Helper {
  const link = 'onMessage: (f) => port.on("message", f), post: (m) => port.postMessage(m)';
  const source = `const port = require('node:worker_threads').parentPort; ${helperSource}({ ${link} });`;
  // Not the process's own arguments: with --input-type=module among them the source would be taken for a module.
  const worker = new Worker(source, { eval: true, execArgv: [], name: `residua thread ${thread}` });
  // Helpers don't keep the process alive, but a message that is waited for must.
  worker.unref();
  return {
    post: (message) => {
      worker.ref();
      worker.postMessage(message);
    },
    onMessage: (listener) =>
      worker.on('message', (message) => {
        worker.unref();
        listener(message);
      }),
    onDeath: (listener) => {
      worker.on('error', listener);
      worker.on('exit', (code) => listener(new Error(`it ended with code ${code}`)));
    },
    terminate: async () => {
      await worker.terminate();
    },
  };
}
