// Training speed through the studio's page in a tab beside `residua train` in Node: whole runs of the digits recipe, data
// preparation and log points included, in turns, so that whatever else the machine does hits both. Run it with
//
//   npm run bench:studio [-- --images 6000 --turns 3]
//
// Images a second are those of each run's own result: images trained on by the seconds that their steps took. The bits of the
// weights must come out the same.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from '../test/browser/chromium.ts';

const { values } = parseArgs({
  options: { images: { type: 'string', default: '6000' }, turns: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const turns = Number(values.turns);
const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'residua-bench-'));

interface Result {
  readonly speed: number;
  readonly hash: string;
}

function inNode(turn: number): Result {
  const out = join(folder, `node-${turn}`);
  const words = ['train', '--limit', values.images, '--epochs', '1', '--log-every', '25', '--out', out];
  execFileSync(process.execPath, [program, ...words], { stdio: 'ignore' });
  const { imagesPerSecond, weightsHash } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  return { speed: imagesPerSecond, hash: weightsHash };
}

const studio = spawn(process.execPath, [program, 'studio', '--port', '0', '--json', '--runs', join(folder, 'runs')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(createInterface(studio.stdout), 'line');
const browser = await launch();

async function inTab(): Promise<Result> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  await page.goto(JSON.parse(line).url);
  await page.getByText('In this tab', { exact: true }).click();
  await page.locator('[name=limit]').fill(values.images);
  await page.locator('[name=epochs]').fill('1');
  await page.getByRole('button', { name: 'Start training' }).click();
  await page.locator('.state.finished').waitFor();
  const figure = async (name: string) => (await page.locator(`[data-figure=${name}]`).textContent())!;
  const result = { speed: Number((await figure('speed')).replaceAll(',', '')), hash: await figure('weights-hash') };
  await context.close();
  return result;
}

const ratios: number[] = [];
try {
  console.log(`digits, ${values.images} images; Node ${process.versions.node}, Chromium ${browser.version()}\n`);
  console.log('turn   Node img/s   tab img/s   ratio');
  for (let turn = 1; turn <= turns; turn++) {
    const [node, tab] = [inNode(turn), await inTab()];
    if (node.hash !== tab.hash) throw new Error(`the weights differ: ${node.hash} in Node, ${tab.hash} in the tab`);
    ratios.push(tab.speed / node.speed);
    const columns = [node.speed.toFixed(0), tab.speed.toFixed(0), ratios[turn - 1].toFixed(2)];
    console.log(`${turn}     ${columns.map((text, i) => text.padStart([12, 12, 8][i])).join('')}`);
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(turns / 2)];
  console.log(`\nmedian ratio ${median.toFixed(2)}; the same weights in every run`);
} finally {
  await browser.close();
  studio.kill('SIGINT');
  await once(studio, 'close');
  rmSync(folder, { recursive: true });
}
