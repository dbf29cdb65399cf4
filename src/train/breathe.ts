// Letting the platform's other work run. A loop whose every await is answered at once never leaves the microtask queue:
// signals, timers, messages and a page's clicks would wait until it ends.

/** Milliseconds of work between two breaths. */
const INTERVAL = 25;

/** @returns a function to await in every round of a long loop; it lets other work run when it is time again */
export function createBreathing(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < INTERVAL) return undefined;
    return nextTurn().then(() => {
      last = performance.now();
    });
  };
}

/** setImmediate where there is one (Node). A browser has none, and makes timers that follow each other wait 4 ms each. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') return setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
