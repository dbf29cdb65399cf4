// Training as a visitor of the studio sees it, in a real browser on real MNIST: in the tab to the same bits as in Node, over
// reloads, pauses and without cross-origin isolation; runs of the command line as they come; and a digit drawn at the end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, launch } from '../browser/chromium.ts';
import { temporaryFolder } from '../cli/run-cli.ts';
import { program, type RunningStudio, startStudio } from './start-studio.ts';

/** For whatever else the machine does: alone, each test takes a few seconds, the last one half a minute. */
const PATIENCE = 300_000;

/** Short runs that are alike but for where they are trained. 18 steps an epoch, each logged, that there is time to watch. */
const settings = { limit: 900, epochs: 2, batchSize: 50, seed: 3, logEvery: 1 } as const;

describe.skipIf(executablePath === undefined)('training in the studio', () => {
  const folder = join(temporaryFolder(), 'runs');
  const failures: string[] = [];
  let studio: RunningStudio;
  let browser: Browser;
  /** Of the run in Node. */
  let expected: string;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    studio = await startStudio(folder);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.stop();
    expect(failures).toEqual([]);
  });

  /** A new visitor, with an empty browser of their own. */
  async function visit(prepare?: (context: BrowserContext) => Promise<unknown>): Promise<Page> {
    const context = await browser.newContext();
    await prepare?.(context);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => failures.push(`${error}`));
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });
    await page.goto(studio.url);
    return page;
  }

  async function fillIn(page: Page, place: 'In Node' | 'In this tab', values: Readonly<Record<string, number>>) {
    await page.getByText(place, { exact: true }).click();
    await page.getByText('More settings').click();
    for (const [name, value] of Object.entries(values)) await page.locator(`[name=${name}]`).fill(`${value}`);
  }

  const start = (page: Page) => page.getByRole('button', { name: 'Start training' }).click();
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
  const figure = async (page: Page, name: string) => (await page.locator(`[data-figure=${name}]`).textContent())!;
  const until = (page: Page, state: string) => page.locator(`.state.${state}`).waitFor();
  const untilStep = (page: Page, pattern: RegExp) => page.locator('.where').getByText(pattern).waitFor();

  it('shows a run of the command line as it learns', { timeout: PATIENCE }, async () => {
    const page = await visit();
    await page.getByText('Curves appear here').waitFor();
    const options = Object.entries(settings).flatMap(([name, value]) => [
      `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`,
      `${value}`,
    ]);
    const words = ['train', ...options, '--threads', '1', '--out', join(folder, 'of-the-command-line')];
    const run = spawn(process.execPath, [program, ...words], { stdio: 'ignore' });
    const ended = once(run, 'close');
    await page.getByRole('heading', { name: 'of-the-command-line' }).waitFor();
    const seen = new Set<string>();
    while ((await page.locator('.state.finished').count()) === 0) {
      const text = await page.locator('.where').textContent();
      for (const [step] of (text ?? '').matchAll(/step \d+ of 36/g)) seen.add(`${step}: ${await figure(page, 'loss')}`);
      await page.waitForTimeout(50);
    }
    expect(seen.size).toBeGreaterThan(2);
    await ended;
    expected = await figure(page, 'weights-hash');
    expect(expected).toMatch(/^[0-9a-f]{64}$/);
    await page.context().close();
  });

  it('goes on in the tab after a reload in the middle, to the same weights as in Node', {
    timeout: PATIENCE,
  }, async () => {
    const page = await visit();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await fillIn(page, 'In this tab', settings);
    await start(page);
    // There is a checkpoint at the end of each epoch.
    await untilStep(page, /Epoch 2 of 2/);
    await page.reload();
    const seen: number[] = [];
    while ((await page.locator('.state.finished').count()) === 0) {
      const text = await page.locator('.where').textContent();
      seen.push(Number(/step (\d+)/.exec(text ?? '')?.[1] ?? 18));
    }
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(18);
    expect(await figure(page, 'weights-hash')).toBe(expected);
    await page.context().close();
  });

  it('trains on one core where the page is not isolated, paused, damaged and continued, to the same weights', {
    timeout: PATIENCE,
  }, async () => {
    const page = await visit((context) =>
      context.route(studio.url, async (route) => {
        const response = await route.fetch();
        const { 'cross-origin-opener-policy': _, 'cross-origin-embedder-policy': __, ...headers } = response.headers();
        await route.fulfill({ response, headers });
      }),
    );
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await fillIn(page, 'In this tab', settings);
    await start(page);
    await untilStep(page, /Epoch 2 of 2/);
    await press(page, 'Pause');
    await until(page, 'paused');
    const paused = await figure(page, 'weights-hash');
    // The checkpoint of the pause is damaged: there is the one of the first epoch.
    await page.evaluate(async () => {
      const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
      const { value: name } = await runs.keys().next();
      const file = await (await runs.getDirectoryHandle(name!)).getFileHandle('checkpoint.safetensors');
      const writer = await file.createWritable({ keepExistingData: true });
      await writer.write({ type: 'write', position: 500_000, data: 'damaged' });
      await writer.close();
    });
    // Nobody continues it but who paused it.
    await page.reload();
    await press(page, 'Continue');
    await until(page, 'finished');
    await page.getByText(/What is said of it/).click();
    await page.getByText(/its checksum is wrong: going on from checkpoint.previous.safetensors/).waitFor();
    expect(await figure(page, 'weights-hash')).not.toBe(paused);
    expect(await figure(page, 'weights-hash')).toBe(expected);
    await page.context().close();
  });

  it('says what is wrong with settings, and starts nothing', { timeout: PATIENCE }, async () => {
    const page = await visit();
    await fillIn(page, 'In this tab', { epochs: 1.5 });
    await page.getByText('A whole number from 1 on, please.').waitFor();
    const button = page.getByRole('button', { name: 'Start training' });
    expect(await button.isDisabled()).toBe(true);
    await page.locator('[name=epochs]').fill('');
    await page.locator('[name=validation]').fill('60000');
    await page.locator('[name=limit]').fill('100');
    await expect.poll(() => button.isEnabled()).toBe(true);
    await start(page);
    await page.getByText('60000 cannot be held out').waitFor();
    await page.context().close();
  });

  it('trains in the tab to 97 % of the test images of MNIST and recognises digits that are drawn', {
    timeout: 2 * PATIENCE,
  }, async () => {
    const page = await visit();
    await fillIn(page, 'In this tab', { limit: 12_000, epochs: 1 });
    await start(page);
    // It needs nothing of the page, whose timers and frames a hidden tab all but stops: here they stop altogether.
    await untilStep(page, /step \d+ of 188/);
    expect(await page.evaluate(millisecondsForTwoPoints)).toBeLessThan(1000);
    await until(page, 'finished');
    expect(Number.parseFloat(await figure(page, 'test-accuracy'))).toBeGreaterThanOrEqual(97);
    await page.getByRole('link', { name: 'Draw for it' }).click();
    const ring = Array.from({ length: 25 }, (_, i) => (i / 24) * 2 * Math.PI);
    await drawStroke(
      page,
      ring.map((angle) => [0.5 + 0.2 * Math.sin(angle), 0.5 - 0.3 * Math.cos(angle)]),
    );
    await page.getByText(/Probably 0/).waitFor();
    await press(page, 'Clear');
    await drawStroke(page, [
      [0.3, 0.22],
      [0.7, 0.22],
      [0.45, 0.8],
    ]);
    await page.getByText(/Probably 7/).waitFor();
    await page.context().close();
  });

  /**
   * Runs in the page, and lets it hang until its one run has logged twice more: 50 steps.
   *
   * @returns the milliseconds in between in which the page did not hang
   */
  async function millisecondsForTwoPoints(): Promise<number> {
    const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    const { value: name } = await runs.keys().next();
    const folder = await runs.getDirectoryHandle(name!);
    const points = async () => (await (await folder.getFileHandle('metrics.jsonl')).getFile()).text();
    const count = async () => (await points()).split('\n').length;
    const wanted = (await count()) + 2;
    let free = 0;
    for (let now = Date.now(); ; ) {
      while (Date.now() - now < 1000);
      now = Date.now();
      const enough = (await count()) >= wanted;
      free += Date.now() - now;
      if (enough) return free;
      now = Date.now();
    }
  }

  /** @param points from 0 to 1, from the left and from the top of the paper */
  async function drawStroke(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
    const box = (await page.locator('.pad canvas').boundingBox())!;
    const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(points[0]));
    await page.mouse.down();
    for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 8 });
    await page.mouse.up();
  }
});
