// Whether all engines come to the same bits: one job (job.ts), for 1, 2, 3 and 4 threads, with and without --strict, in three
// versions of Node and in Chromium. Prints a hash for each, and fails where any two differ that should not. Run it with
//
//   npm run test:nodes [-- --nodes FOLDER --threads 1,2,3,4 --without-browser --without-kernels]
//
// With --strict other bits are right than without (a product and a sum are rounded apart, not together), so there are two
// groups, and within each everything must be equal.
//
// Some engines compute on vectors of 256 bits where the processor can, others never; so wide kernels are compared with narrow
// ones here, and it fails where a processor could and no engine did. The kernels' own tests, which compare with plain loops and
// with PyTorch, are then run once more by a Node that has wide vectors: the Node that runs all tests may have none.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executablePath, inWorker, isolation, launch, serve, wideVectors } from '../browser/chromium.ts';
import { obtainNodes } from './fetch-nodes.ts';
import { type Computed, computeEverything, type Setting } from './job.ts';

const root = new URL('../../', import.meta.url);

/** What says whether V8's wide vectors compute rightly: kernels against plain loops, operations and steps against PyTorch. */
const kernelTests = [
  'src/devices/cpu',
  'test/golden/operations.test.ts',
  'test/golden/article-step.test.ts',
  'test/epilogues.test.ts',
  'test/threads.test.ts',
];

type Results = Computed['results'];

interface Engine {
  readonly name: string;
  /** Of Node. */
  readonly path?: string;
  compute(settings: readonly Omit<Setting, 'awaitWide'>[]): Promise<Computed[]>;
  close?(): Promise<void>;
}

/** What a program prints that is given its source on stdin. */
async function output(path: string, args: readonly string[], source: string): Promise<string> {
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(source);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${path} ended with ${signal ?? `code ${code}`}`);
  return text;
}

/** A process of that version, which has the built library of this checkout. */
function nodeEngine(version: string, path: string): Engine {
  return {
    name: `Node ${version}`,
    path,
    async compute(settings) {
      const library = JSON.stringify(new URL('dist/node.js', root).href);
      const program = `
        const library = await import(${library});
        const job = ${computeEverything};
        const all = [];
        for (const setting of ${JSON.stringify(settings)}) all.push(await job(library, { ...setting, awaitWide: false }));
        console.log(JSON.stringify({ version: process.versions.node, all }));`;
      const answer = JSON.parse(await output(path, ['--input-type=module', '-'], program));
      if (answer.version !== version) throw new Error(`${path} is Node ${answer.version}, expected ${version}`);
      return answer.all;
    },
  };
}

async function chromiumEngine(wide: boolean): Promise<Engine> {
  const browser = await (wide ? launch(wideVectors) : launch());
  const { url, server } = await serve(isolation);
  const page = await browser.newPage();
  await page.goto(url);
  return {
    name: `Chromium ${browser.version()}${wide ? ', wide' : ''}`,
    async compute(settings) {
      const all: Computed[] = [];
      for (const setting of settings) {
        all.push(await inWorker(page, computeEverything, { ...setting, awaitWide: wide }));
      }
      return all;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: fileURLToPath(new URL('node_modules/.cache/nodes', root)) },
    threads: { type: 'string', default: '1,2,3,4' },
    'without-browser': { type: 'boolean', default: false },
    'without-kernels': { type: 'boolean', default: false },
  },
});
const threads = values.threads.split(',').map(Number);

const engines = obtainNodes(values.nodes).map(({ version, path }) => nodeEngine(version, path));
if (!values['without-browser']) {
  if (executablePath === undefined) throw new Error('no Chromium was found: install it, or say --without-browser');
  // Asked for wide vectors where there can't be any, it would wait for them.
  for (const wide of hasAvx2() ? [false, true] : [false]) engines.push(await chromiumEngine(wide));
}

/** Of everything that one computation came to: 12 digits are enough to see. */
const short = (results: Results) => createHash('sha256').update(JSON.stringify(results)).digest('hex').slice(0, 12);
let differences = 0;
const wideEngines = new Set<Engine>();
try {
  console.log(
    `${''.padEnd(40)}vectors    ${threads.map((n) => `${n} thread${n === 1 ? '' : 's'}`.padEnd(14)).join('')}`,
  );
  for (const strict of [false, true]) {
    let expected: Results | undefined;
    for (const engine of engines) {
      const found = await engine.compute(threads.map((n) => ({ threads: n, strict })));
      const widths = [...new Set(found.map(({ vectorBits }) => vectorBits))];
      if (widths.includes(256)) wideEngines.add(engine);
      const name = `${engine.name}${strict ? ', strict' : ''}`;
      const hashes = found.map(({ results }) => short(results).padEnd(14));
      console.log(`${name.padEnd(40)}${`${widths.join(', ')} bits`.padEnd(11)}${hashes.join('')}`);
      expected ??= found[0].results;
      for (const [i, { results }] of found.entries()) {
        for (const [name, hash] of Object.entries(expected)) {
          if (results[name] === hash) continue;
          differences++;
          console.error(`  ${name} with ${threads[i]} threads: expected ${hash}, found ${results[name]}`);
        }
      }
    }
    for (const [name, hash] of Object.entries(expected ?? {})) console.log(`  ${name.padEnd(24)} ${hash}`);
  }
} finally {
  for (const engine of engines) await engine.close?.();
}
console.log(differences === 0 ? 'Everything is equal.' : `${differences} results differ.`);
process.exitCode = differences === 0 && (await checkWide()) ? 0 : 1;

/** Whether V8 can have vectors of 256 bits here; false where the system doesn't tell. */
function hasAvx2(): boolean {
  try {
    return /^flags\s*:.*\bavx2\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

/** Whether wide vectors were there to be compared with narrow ones, and pass the kernels' tests. */
async function checkWide(): Promise<boolean> {
  if (wideEngines.size === 0) {
    if (!hasAvx2()) {
      console.log(
        'No engine computed on vectors of 256 bits, and no AVX2 was found here: wide and narrow were not compared.',
      );
      return true;
    }
    console.error(
      'No engine computed on vectors of 256 bits, although this processor has AVX2: expected of Node 24 at least. Is the flag ' +
        'still called what src/devices/cpu/v8-flags.node.ts calls it, and does features.ts find out?',
    );
    return false;
  }
  const node = [...wideEngines].find(({ path }) => path !== undefined);
  if (node?.path === undefined || values['without-kernels']) return true;
  console.log(`\nThe kernels' tests in ${node.name}, which has vectors of 256 bits:`);
  const vitest = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', root));
  const child = spawn(node.path, [vitest, 'run', '--root', fileURLToPath(root), ...kernelTests], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return code === 0;
}
