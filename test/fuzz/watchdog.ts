// Ends this process when one input takes too long: a loop that never ends can't be interrupted from within its own thread.
// A worker looks at a counter that every input raises.

import { Worker } from 'node:worker_threads';

/** Seconds for one input, on a machine that others use, too. */
export const MOST_SECONDS = 60;

const state = new Int32Array(new SharedArrayBuffer(8)); // [inputs begun, whether one is under way]

const program = `
  const { workerData: { state, seconds } } = require('node:worker_threads');
  let before = -1;
  setInterval(() => {
    const begun = Atomics.load(state, 0);
    if (begun === before && Atomics.load(state, 1) === 1) {
      require('node:fs').writeSync(2, 'input ' + begun + ' of this file takes more than ' + seconds + ' s: it hangs\\n');
      process.kill(process.pid, 'SIGKILL');
    }
    before = begun;
  }, 1000 * seconds);
`;
new Worker(program, { eval: true, workerData: { state, seconds: MOST_SECONDS } }).unref();

export async function watched<T>(action: () => T | Promise<T>): Promise<T> {
  Atomics.add(state, 0, 1);
  Atomics.store(state, 1, 1);
  try {
    return await action();
  } finally {
    Atomics.store(state, 1, 0);
  }
}
