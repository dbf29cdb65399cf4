// The engine in a real browser: PyTorch's numbers, and the same bits as in Node, with and without cross-origin isolation.

import type { Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as node from '../../src/node.ts';
import { executablePath, inWorker, isolation, type Library, launch, serve } from './chromium.ts';
import { distancesFromPyTorch, trainTwentySteps } from './jobs.ts';

describe.skipIf(executablePath === undefined)('in Chromium', () => {
  let browser: Browser;
  const servers: Server[] = [];
  /** A page whose server sends these headers. */
  async function open(headers: Readonly<Record<string, string>>): Promise<Page> {
    const { url, server } = await serve(headers);
    servers.push(server);
    const page = await browser.newPage();
    await page.goto(url);
    return page;
  }
  const known = new Map<boolean, ReturnType<typeof trainTwentySteps>>();
  const inNode = (strict: boolean) => {
    const result = known.get(strict) ?? trainTwentySteps(node as Library, { threads: 1, strict });
    known.set(strict, result);
    return result;
  };

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
  });

  describe('a page that is cross-origin isolated', () => {
    let page: Page;
    beforeAll(async () => {
      page = await open(isolation);
    });

    it('computes what PyTorch does', async () => {
      const distances = await inWorker(page, distancesFromPyTorch, { threads: 2 });
      expect(Object.keys(distances).length).toBeGreaterThan(12);
      for (const [name, distance] of Object.entries(distances)) {
        // As in test/golden: article-step.test.ts says why gradients of the whole network have a looser bound.
        const bound = name === 'article gradients' ? 3e-2 : name.startsWith('article') ? 1e-4 : 2e-5;
        expect(distance, name).toBeLessThan(bound);
      }
    });

    it.each([false, true])('trains to the same bits as Node with one thread and two, strict: %s', async (strict) => {
      const expected = await inNode(strict);
      expect(expected.losses.length).toBe(20);
      for (const threads of [1, 2]) {
        expect(await inWorker(page, trainTwentySteps, { threads, strict })).toEqual({ ...expected, threads });
      }
    });

    it('has as many threads as there are cores', async () => {
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      expect((await inWorker(page, trainTwentySteps, {})).threads).toBe(cores);
    });

    it('has one thread where shared memory is refused', async () => {
      const threads = await inWorker(
        page,
        async (library) => {
          const Memory = WebAssembly.Memory;
          WebAssembly.Memory = class extends Memory {
            constructor(descriptor: WebAssembly.MemoryDescriptor) {
              if (descriptor.shared) throw new RangeError('could not allocate memory');
              super(descriptor);
            }
          };
          return (await library.createDevice('cpu', { threads: 2 })).threads;
        },
        undefined,
      );
      expect(threads).toBe(1);
    });

    it('has one thread outside of a worker, where nothing may wait', async () => {
      // As text: the test runner would put its own import in place of the browser's.
      const device = "import('/dist/full.js').then(({ createDevice }) => createDevice('auto', { threads: 2 }))";
      expect(await page.evaluate(`${device}.then(({ threads }) => threads)`)).toBe(1);
    });

    it('says which devices there are', async () => {
      const job = async (library: Library) => library.createDevice('gpu' as 'cpu').catch((error) => `${error}`);
      expect(await inWorker(page, job, undefined)).toBe("UsageError: there is no device 'gpu' in a browser");
    });
  });

  it('trains to the same bits with one thread on a page that is not isolated', async () => {
    const page = await open({});
    expect(await inWorker(page, trainTwentySteps, { threads: 2 })).toEqual({ ...(await inNode(false)), threads: 1 });
  });

  it('has one thread where a policy of the page forbids workers made of text', async () => {
    const page = await open({ ...isolation, 'content-security-policy': "worker-src 'self'" });
    const job = async (library: Library) => (await library.createDevice('cpu', { threads: 2 })).threads;
    expect(await inWorker(page, job, undefined)).toBe(1);
  });
});
