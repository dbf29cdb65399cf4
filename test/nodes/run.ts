// Whether all engines come to the same bits: one job (job.ts), for 1, 2, 3 and 4 threads, with and without --strict, in three
// versions of Node and in Chromium. Prints a hash for each, and fails where any two differ that should not. Run it with
//
//   npm run test:nodes [-- --nodes FOLDER --threads 1,2,3,4 --without-browser]
//
// With --strict other bits are right than without (a product and a sum are rounded apart, not together), so there are two
// groups, and within each everything must be equal.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executablePath, inWorker, isolation, launch, serve } from '../browser/chromium.ts';
import { obtainNodes } from './fetch-nodes.ts';
import { computeEverything, type Setting } from './job.ts';

const root = new URL('../../', import.meta.url);

type Results = Record<string, string>;

interface Engine {
  readonly name: string;
  compute(settings: readonly Setting[]): Promise<Results[]>;
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
    async compute(settings) {
      const library = JSON.stringify(new URL('dist/node.js', root).href);
      const program = `
        const library = await import(${library});
        const job = ${computeEverything};
        const results = [];
        for (const setting of ${JSON.stringify(settings)}) results.push(await job(library, setting));
        console.log(JSON.stringify({ version: process.versions.node, results }));`;
      const answer = JSON.parse(await output(path, ['--input-type=module', '-'], program));
      if (answer.version !== version) throw new Error(`${path} is Node ${answer.version}, expected ${version}`);
      return answer.results;
    },
  };
}

async function chromiumEngine(): Promise<Engine> {
  const browser = await launch();
  const { url, server } = await serve(isolation);
  const page = await browser.newPage();
  await page.goto(url);
  return {
    name: `Chromium ${browser.version()}`,
    async compute(settings) {
      const results: Results[] = [];
      for (const setting of settings) results.push(await inWorker(page, computeEverything, setting));
      return results;
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
  },
});
const threads = values.threads.split(',').map(Number);

const engines = obtainNodes(values.nodes).map(({ version, path }) => nodeEngine(version, path));
if (!values['without-browser']) {
  if (executablePath === undefined) throw new Error('no Chromium was found: install it, or say --without-browser');
  engines.push(await chromiumEngine());
}

/** Of everything that one computation came to: 12 digits are enough to see. */
const short = (results: Results) => createHash('sha256').update(JSON.stringify(results)).digest('hex').slice(0, 12);
let differences = 0;
try {
  console.log(`${''.padEnd(34)}${threads.map((n) => `${n} thread${n === 1 ? '' : 's'}`.padEnd(14)).join('')}`);
  for (const strict of [false, true]) {
    let expected: Results | undefined;
    for (const engine of engines) {
      const found = await engine.compute(threads.map((n) => ({ threads: n, strict })));
      console.log(
        `${`${engine.name}${strict ? ', strict' : ''}`.padEnd(34)}${found.map((own) => short(own).padEnd(14)).join('')}`,
      );
      expected ??= found[0];
      for (const [i, results] of found.entries()) {
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
process.exitCode = differences === 0 ? 0 : 1;
