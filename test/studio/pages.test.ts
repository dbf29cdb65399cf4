// The studio's pages as a visitor uses them, in a real browser: what is drawn is answered and explained, layers show what they put
// out, a cell of the confusion matrix shows its images, twins stand side by side; and nothing is asked of any other host.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, launch } from '../browser/chromium.ts';
import { temporaryFolder } from '../cli/run-cli.ts';
import { COMPARISON, prepareRuns, RUN } from './prepared.ts';
import { ask, type RunningStudio, startStudio } from './start-studio.ts';

const PATIENCE = 300_000;

describe.skipIf(executablePath === undefined)("the studio's pages", () => {
  const folder = temporaryFolder();
  const failures: string[] = [];
  let runs: string;
  let studio: RunningStudio;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    runs = await prepareRuns(folder);
    studio = await startStudio(runs);
    browser = await launch();
    page = await browser.newPage({ locale: 'en-GB' });
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => failures.push(`${error}`));
    page.on('request', (request) => {
      if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(studio.url)) failures.push(request.url());
    });
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await studio?.stop();
    expect(failures).toEqual([]);
  });

  const shares = async () => {
    const texts = await page.locator('.bar-value').allTextContents();
    return texts.map((text) => Number.parseFloat(text) / 100);
  };

  it('Draw: answers what is drawn, says it aloud, marks what speaks for it', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/draw?run=${RUN}`);
    const paper = page.locator('.pad canvas');
    await paper.waitFor();
    const box = (await paper.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + (4 * box.height) / 5, { steps: 12 });
    await page.mouse.up();
    await page.locator('.headline .label').waitFor();
    await page.locator('.bars [aria-pressed=true]').waitFor();
    expect((await shares()).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1);
    await expect
      .poll(() => page.getByRole('status').textContent(), { timeout: PATIENCE })
      .toMatch(/^Probably \d, \d+ %$/);
    expect(await page.locator('.seen').textContent()).toContain('28 × 28');

    // Another class is asked about.
    await page.locator('.bars button').nth(4).click();
    await page.locator('.bars button[aria-pressed=true]', { hasText: /^4/ }).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('.headline.blank').waitFor();
  });

  it('Draw: an image file on nothing is the same as on white', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/draw?run=${RUN}`);
    const stroke = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><path d="M45 12v66" stroke="#000" stroke-width="9"/></svg>',
    );
    const answers: number[][] = [];
    for (const image of [sharp(stroke), sharp(stroke).flatten({ background: '#fff' })]) {
      const buffer = await image.png().toBuffer();
      await page.locator('input[type=file]').setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer });
      await page.locator('.headline .label').waitFor();
      answers.push(await shares());
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.locator('.headline.blank').waitFor();
    }
    expect(answers[0]).toEqual(answers[1]);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no') });
    expect(await page.getByRole('alert').textContent()).toContain('not an image');
  });

  it('Look inside: follows an image of the test set to any layer', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/inside?run=${RUN}`);
    await page.locator('.tile', { hasText: 'layer3.0' }).click();
    await page.getByText('64 maps of 8 × 8.').waitFor();
    expect(await page.locator('.maps .map-grid canvas').count()).toBe(64);
    await page.locator('.layers button', { hasText: 'downsample.0' }).click();
    await page.getByText('What layer3.0.downsample.0 puts out').waitFor();
    await page.locator('.tile', { hasText: 'head' }).click();
    await page.getByText('10 numbers.').waitFor();
    await page.reload();
    await page.getByText('10 numbers.').waitFor();
    expect(await page.locator('.plot').count()).toBe(4);
  });

  it('Runs: sorts, shows the images behind a cell, keeps, deletes', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/runs`);
    await page.getByRole('checkbox', { name: /4 runs of comparisons/ }).check();
    await page.getByRole('button', { name: 'Accuracy' }).click();
    const accuracies = await page.locator('.runs-table tbody td:nth-child(4)').allTextContents();
    const values = accuracies.map(Number.parseFloat);
    expect(values.length).toBe(5);
    expect(values).toEqual([...values].sort((a, b) => b - a));

    await page.getByRole('link', { name: RUN, exact: true }).click();
    const cell = page.locator('.cell.miss').first();
    const images = Number(await cell.textContent());
    await cell.click();
    await page.locator('.images img').first().waitFor();
    expect(await page.locator('.images img').count()).toBe(images);
    const isLoaded = () =>
      page
        .locator('.images img')
        .evaluateAll((list) => list.every((image) => (image as HTMLImageElement).naturalWidth === 28));
    await expect.poll(isLoaded, { timeout: PATIENCE }).toBe(true);

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'ONNX' }).click();
    expect((await download).suggestedFilename()).toBe(`${RUN}.onnx`);

    await page.goto(`${studio.url}#/runs?run=${encodeURIComponent(`${COMPARISON}:plainnet8-relu-bn`)}`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(existsSync(join(runs, COMPARISON, 'plainnet8-relu-bn'))).toBe(true);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => existsSync(join(runs, COMPARISON, 'plainnet8-relu-bn')), { timeout: PATIENCE }).toBe(false);
  });

  it('Compare: twins side by side, and a comparison that is started here', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/compare?id=${COMPARISON}`);
    await expect.poll(() => page.locator('.twins .plot').count(), { timeout: PATIENCE }).toBe(6);
    expect(await page.locator('.claims li').count()).toBe(6);
    expect(await page.locator('.panel .table tbody tr').count()).toBe(2);

    await page.getByRole('button', { name: 'New comparison' }).click();
    await page.getByLabel('Depths').fill('9');
    await page.getByRole('button', { name: /^Train/ }).click();
    expect(await page.getByRole('alert').textContent()).toContain('6n + 2');
    await page.getByLabel('Depths').fill('8');
    await page.getByRole('checkbox', { name: 'Sigmoid' }).uncheck();
    await page.locator('.new-comparison select').first().selectOption('with');
    await page.getByLabel('Images (blank: all)').fill('64');
    await page.getByLabel('Epochs').fill('1');
    await page.getByRole('button', { name: 'Train 2 networks' }).click();
    await page.waitForURL(/id=compare-/);
    await page.locator('.comparison-head .finished').waitFor();
    await page.locator('.claims li').first().waitFor();
    expect((await ask<{ id: string }[]>(studio, 'api/comparisons')).length).toBe(2);
  });

  it('speaks two languages and has two themes, and keeps what was chosen', { timeout: PATIENCE }, async () => {
    await page.goto(`${studio.url}#/draw`);
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '手写' }).waitFor();
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    const theme = page.getByRole('button', { name: /^配色/ });
    await theme.click();
    await theme.click();
    expect(await paper()).not.toBe(light);
    const dark = await paper();
    await page.reload();
    await page.getByRole('heading', { name: '手写' }).waitFor();
    expect(await paper()).toBe(dark);
  });
});
