// Requests for more memory than there is. They must end before anything is trained, with exit code 1 and one line that says
// how much is needed, how much there is, and a batch size that fits.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();
const refused =
  /^error: a batch of ([\d,]+) images needs [\d.]+ GB of memory, and there are ([\d.]+) GB\. .*use --batch-size (\d+)/;

function check({ code, stderr }: Outcome, images: string): RegExpExecArray {
  expect(code, stderr).toBe(1);
  expect(linesOf(stderr).filter((line) => !line.startsWith('note:'))).toHaveLength(1);
  const found = refused.exec(linesOf(stderr).at(-1)!)!;
  expect(found?.[1], stderr).toBe(images);
  return found;
}

it('a training step of all of MNIST is refused before there is a run folder', async () => {
  const folder = join(root, 'run');
  const outcome = await residua(['train', '--batch-size', '100000', '--out', folder, '--json']);
  const [, , gigabytes, batch] = check(outcome, '60,000');
  // What WebAssembly's addresses reach, or less where the machine has less.
  expect(Number(gigabytes)).toBeLessThanOrEqual(4.3);
  expect(Number(batch)).toBeGreaterThan(0);
  expect(Number(batch)).toBeLessThan(60_000);
  expect(outcome.stdout).toBe('');
  expect(existsSync(folder)).toBe(false);
});

it('a bench of as many images is refused before its data is made', async () => {
  check(await residua(['bench', '--batch-size', '100000', '--json']), '100,000');
});

it('a batch that is larger than the data set takes no more memory than the data set', async () => {
  const folder = join(root, 'small');
  const settings = ['--limit', '20', '--epochs', '1', '--batch-size', '1000000000', '--out', folder, '--json'];
  const { code, stdout, stderr } = await residua(['train', ...settings]);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(linesOf(stdout).at(-1)!).steps).toBe(1);
  const evaluated = await residua(['evaluate', folder, '--limit', '20', '--batch-size', '1000000000', '--json']);
  expect(evaluated.code, evaluated.stderr).toBe(0);
});

it.runIf(process.platform === 'linux')(
  'where a limit of the shell leaves WebAssembly no addresses, that is said',
  async () => {
    const folder = join(root, 'limited');
    const { code, stderr } = await residua(['train', '--limit', '20', '--threads', '1', '--out', folder], {
      limit: 'ulimit -v 6000000',
    });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/^error: this machine gives WebAssembly no memory\. .*ulimit -v/m);
    expect(existsSync(folder)).toBe(false);
  },
);
