// A folder of runs as a studio has it after a while: a network that knows its digits a little, and a small comparison. Made once
// for a test file.

import { join } from 'node:path';
import { expect } from 'vitest';
import { residua } from '../cli/run-cli.ts';

export const RUN = 'first';
export const COMPARISON = 'twins';

/** @param folder where the folder of runs is to be made */
export async function prepareRuns(folder: string): Promise<string> {
  const runs = join(folder, 'runs');
  const work = (words: string, name: string) =>
    residua([...words.split(' '), '--threads', '1', '--out', join(runs, name)]);
  const trained = await work('train --limit 640 --epochs 2 --batch-size 32 --validation 64 --log-every 4', RUN);
  expect(trained.code, trained.stderr).toBe(0);
  const compared = await work(
    'compare --depths 8,14 --activations relu --limit 64 --epochs 1 --batch-norm with',
    COMPARISON,
  );
  expect(compared.code, compared.stderr).toBe(0);
  return runs;
}
