// predict from outside: real digits as picture files, as MNIST has them and as a camera would see them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Image, loadMnist, randomStream } from '../../src/node.ts';
import { photograph } from '../photograph.ts';
import { linesOf, residua, temporaryFolder } from './run-cli.ts';

const root = temporaryFolder();
const run = join(root, 'run');
const pictures = join(root, 'pictures');
const COUNT = 60;
const share = z.number().min(0).max(1);
const label = z.enum(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
const prediction = z.object({
  file: z.string(),
  label,
  probability: share,
  top: z.array(z.object({ label, probability: share })),
  labels: z.null(),
  centred: z.boolean(),
  inverted: z.boolean(),
});
const failed = z.object({ file: z.string(), error: z.string(), label: z.null(), probability: z.null() });

const plain: string[] = [];
const photos: string[] = [];
const labels: string[] = [];

function write(image: Image, name: string): Promise<unknown> {
  const { width, height } = image;
  const picture = sharp(Buffer.from(image.data), { raw: { width, height, channels: 1 } });
  return picture.toFile(join(pictures, name));
}

beforeAll(async () => {
  mkdirSync(pictures);
  const mnist = await loadMnist({ split: 'test' });
  for (let i = 0; i < COUNT; i++) {
    const { image, label } = mnist.get(i);
    labels.push(String(label));
    plain.push(join(pictures, `plain-${i}.png`));
    await write(image, `plain-${i}.png`);
    const name = `photo-${i}.${['png', 'jpg', 'webp'][i % 3]}`;
    const settings = { width: 400, height: 300, dark: true, gradient: 0.8, noise: 10, size: 0.5 + 0.05 * (i % 9) };
    await write(photograph(image, settings, randomStream({ seed: 4, purpose: 'augment', index: i })), name);
    photos.push(join(pictures, name));
  }
  const { code, stderr } = await residua([
    'train',
    '--limit',
    '4000',
    '--epochs',
    '1',
    '--batch-size',
    '32',
    '--out',
    run,
  ]);
  if (code !== 0) throw new Error(stderr);
});

async function predict(...args: string[]) {
  const { code, stdout, stderr } = await residua(['predict', run, ...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(linesOf(stdout)).toHaveLength(1);
  return z.array(prediction).parse(JSON.parse(stdout));
}

describe('digits', () => {
  it("that are MNIST's are predicted as the test of the run does it", async () => {
    const found = await predict(...plain);
    expect(found.map(({ file }) => file)).toEqual(plain);
    const right = found.filter((own, i) => own.label === labels[i]).length;
    const evaluation = await residua(['evaluate', run, '--limit', String(COUNT), '--json']);
    const { accuracy, mistakes } = JSON.parse(evaluation.stdout);
    expect(right / COUNT).toBeCloseTo(accuracy, 12);
    for (const { index, predicted, probability } of mistakes) {
      expect(found[index].label).toBe(predicted[0]);
      expect(found[index].probability).toBeCloseTo(probability, 5);
    }
    expect(found.every(({ centred, inverted }) => !centred && !inverted)).toBe(true);
  });

  it('photographed dark on light, in uneven light and with noise, are seen as the same ones', async () => {
    const [seen, known] = [await predict(...photos), await predict(...plain)];
    expect(seen.every(({ centred, inverted }) => centred && inverted)).toBe(true);
    expect(seen.filter((own, i) => own.label === known[i].label).length).toBeGreaterThanOrEqual(0.9 * COUNT);
  });

  it('are left where they are with --no-centre', async () => {
    const [image] = await predict('--no-centre', plain[3]);
    expect(image).toMatchObject({ centred: false, inverted: false });
    const [moved] = await predict('--no-centre', '--top', '2', photos[3]);
    expect(moved).toMatchObject({ centred: false, inverted: false });
    expect(moved.top).toHaveLength(2);
  });

  it('have all classes under --top 10, the most probable first, adding up to 1', async () => {
    const [{ label, probability, top }] = await predict('--top', '10', plain[0]);
    expect(top).toHaveLength(10);
    expect(top[0]).toEqual({ label, probability });
    expect(top.map((own) => own.probability)).toEqual(top.map((own) => own.probability).sort((a, b) => b - a));
    expect(top.reduce((sum, own) => sum + own.probability, 0)).toBeCloseTo(1, 9);
  });

  it('are told to people, a line each', async () => {
    const { code, stdout } = await residua(['predict', run, plain[0], photos[0]]);
    expect(code).toBe(0);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/plain-0\.png +\d +\d+\.\d\d %/),
      expect.stringMatching(/photo-0\.png +\d +\d+\.\d\d % .*\(centred, inverted\)$/),
    ]);
  });
});

describe('what cannot be predicted', () => {
  const junk = join(pictures, 'junk.png');
  const missing = join(pictures, 'missing.png');
  const blank = join(pictures, 'blank.png');

  beforeAll(async () => {
    writeFileSync(junk, 'no picture');
    await write({ channels: 1, width: 40, height: 30, data: new Uint8Array(1200).fill(250) }, 'blank.png');
  });

  it('is listed; the other pictures are predicted all the same, and the exit code is 1', async () => {
    const files = [plain[0], junk, missing, blank, plain[1]];
    const { code, stdout, stderr } = await residua(['predict', run, ...files, '--json']);
    expect(code).toBe(1);
    const found = z.array(z.union([prediction, failed])).parse(JSON.parse(stdout));
    expect(found.map(({ file }) => file)).toEqual(files);
    expect(found.map((own) => 'error' in own)).toEqual([false, true, true, true, false]);
    for (const file of [junk, missing, blank])
      expect(stderr).toContain(`error: ${file === missing ? 'there is no ' : ''}${file}`);
    expect(stderr).toContain('no digit on this picture');
    expect(stderr).toContain('3 pictures of 5 not predicted');
    expect(stderr).not.toContain('    at ');
  });

  it('is wrong usage without a picture, and a failure without a model', async () => {
    expect((await residua(['predict', run])).code).toBe(2);
    const { code, stderr } = await residua(['predict', join(root, 'nothing'), plain[0]]);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no ');
  });
});
