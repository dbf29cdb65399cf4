// What numbers can do to a run: become NaN or infinite. The run must end with exit code 1, name the first operation that gave
// such a number, and leave the last good checkpoint as it was, byte by byte.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();
const settings = ['--limit', '40', '--epochs', '3', '--batch-size', '8', '--threads', '1', '--seed', '3', '--json'];

function messageOf({ code, stderr }: Outcome): string {
  expect(code, stderr).toBe(1);
  expect(stderr).not.toMatch(/^ +at /m);
  return linesOf(stderr).at(-1)!;
}

it('a learning rate of 1e30 ends the run in its second step, before anything is saved', async () => {
  const folder = join(root, 'large');
  const message = messageOf(await residua(['train', ...settings, '--lr', '1e30', '--out', folder]));
  // The first step's weights are near 1e30: their products are finite, the squares of them in the variance are not.
  expect(message).toContain('the loss became NaN in step 2 (epoch 1, batch 2 of 5');
  expect(message).toContain('not finite is Infinity, in that step: bn: channelVariance in the forward pass');
  expect(message).toMatch(/Lower the learning rate.*--clip-grad-norm/);
  expect(message).toContain('Nothing was saved yet.');
  expect(readdirSync(folder).sort()).toEqual(['config.json', 'metrics.jsonl', 'preflight.json']);
});

it('a run that diverges later keeps its last good checkpoint to the byte', async () => {
  const folder = join(root, 'later');
  const stopped = await residua(['train', ...settings, '--checkpoint-seconds', '0', '--out', folder], {
    onStart: (child) => {
      child.stdout?.on('data', (text: string) => {
        if (text.includes('"event":"epoch"')) child.kill('SIGTERM');
      });
    },
  });
  expect(stopped.code, stopped.stderr).toBe(143);
  const files = ['checkpoint.safetensors', 'checkpoint.previous.safetensors', 'model.safetensors'];
  const read = () => files.map((file) => readFileSync(join(folder, file)).toString('base64'));
  const before = read();
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const spoiled = { ...config, learningRate: 1e30, checkpointSeconds: 60 };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spoiled));

  const message = messageOf(await residua(['train', '--resume', folder, '--json']));
  expect(message).toMatch(/the loss became NaN in step \d+ /);
  expect(message).toMatch(/in that step: bn: channelVariance in the forward pass/);
  const [, saved] = /The last good checkpoint, of step (\d+), is kept in/.exec(message)!;
  expect(Number(saved)).toBeGreaterThanOrEqual(5);
  expect(read()).toEqual(before);

  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const resumed = await residua(['train', '--resume', folder, '--json']);
  expect(resumed.code, resumed.stderr).toBe(0);
  const whole = await residua(['train', ...settings, '--out', join(root, 'whole')]);
  const hashOf = ({ stdout }: Outcome) => JSON.parse(linesOf(stdout).at(-1)!).weightsHash;
  expect(hashOf(resumed)).toBe(hashOf(whole));
});
