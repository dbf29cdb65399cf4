// A helper of the browser's device that dies: of an error, or because it is gone without a word. The run is told, and the page
// sees no error that nobody has caught. A helper that is slow raises no alarm.

import type { Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, inWorker, isolation, type Library, launch, serve } from './chromium.ts';

/** Runs in the browser: a program whose helper meets the fault in its third function. @returns what came of the runs */
async function runWithFault({ createDevice, Input, mul, constant }: Library, fault: string) {
  const workers: Worker[] = [];
  const [OwnWorker, OwnBlob] = [Worker, Blob];
  globalThis.Worker = class extends OwnWorker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers.push(this);
    }
  };
  globalThis.Blob = class extends OwnBlob {
    constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
      const commandWord = 0;
      const before = `
        const load = Atomics.load;
        let functions = 0;
        Atomics.load = (words, index) => {
          const value = load(words, index);
          if (index === ${commandWord} && value > 0 && ++functions === 3) { ${fault} }
          return value;
        };`;
      super([before, ...parts], options);
    }
  };
  const device = await createDevice('cpu', { threads: 2 });
  const program = await device.compile({ outputs: { y: mul(new Input('x', [64]), constant(2)) } });
  const outcomes: string[] = [];
  for (let run = 0; run < 5; run++) {
    try {
      const running = program.run({ x: new Float32Array(64).fill(run) });
      const late = running instanceof Promise;
      if (late && fault.includes('600000')) workers[0].terminate();
      outcomes.push(`${(await running).y[63]}${late ? ' late' : ''}`);
    } catch (error) {
      outcomes.push(`${error}`);
    }
  }
  await device.close();
  return { threads: device.threads, outcomes };
}

const sleep = (milliseconds: number) =>
  `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});`;

describe.skipIf(executablePath === undefined)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  const uncaught: string[] = [];
  beforeAll(async () => {
    browser = await launch();
    const served = await serve(isolation);
    server = served.server;
    page = await browser.newPage();
    page.on('pageerror', (error) => uncaught.push(`${error}`));
    await page.goto(served.url);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each([
    ['of an error', "throw new RangeError('made for this test')", 'Uncaught RangeError: made for this test'],
    ['because it was ended', sleep(600_000), 'the browser has ended it'],
  ])('a helper that dies %s ends the run with an error', async (_, fault, told) => {
    const { threads, outcomes } = await inWorker(page, runWithFault, fault);
    const error = `DeadThreadError: a thread of the cpu device has died: ${told}`;
    expect([threads, outcomes]).toEqual([2, ['0', '2', error, error, error]]);
    expect(uncaught).toEqual([]);
  });

  it('a helper that is slow is waited for', async () => {
    const { outcomes } = await inWorker(page, runWithFault, sleep(2500));
    expect(outcomes).toEqual(['0', '2', '4 late', '6', '8']);
  });
});
