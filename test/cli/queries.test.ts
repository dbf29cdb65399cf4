// The commands that only tell something: text on stdout, or one JSON object under --json.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { linesOf, residua } from './run-cli.ts';

const model = z.object({
  name: z.string(),
  description: z.string(),
  inputShape: z.array(z.int()),
  parameters: z.int(),
  multiplyAdds: z.int(),
});
const layer = z.object({
  name: z.string(),
  kind: z.string(),
  outputShape: z.array(z.int()),
  parameters: z.int(),
  multiplyAdds: z.int(),
});

/** The one JSON object that a command printed. */
async function ask<Answer>(schema: z.ZodType<Answer>, ...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await residua([...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(linesOf(stdout)).toHaveLength(1);
  return schema.parse(JSON.parse(stdout));
}

describe('models', () => {
  it('lists', async () => {
    const { models } = await ask(z.object({ models: z.array(model) }), 'models');
    expect(models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['article-resnet', 'article-plainnet', 'resnet18', 'plainnet18']),
    );
    expect(models[0]).toMatchObject({ parameters: 195_450, multiplyAdds: 28_459_648 });
  });

  it('describes one, layer by layer', async () => {
    const { layers, parameters } = await ask(model.extend({ layers: z.array(layer) }), 'models', 'article-resnet');
    expect(layers.reduce((sum, { parameters: own }) => sum + own, 0)).toBe(parameters);
    const { stdout } = await residua(['models', 'article-resnet']);
    expect(stdout).toMatch(/layer2\.0\.downsample\.0 +Conv2d +32 x 16 x 16 +4,608 +1,179,648/);
    expect(stdout).toContain('195,450');
  });

  it('for other images and classes', async () => {
    const args = ['models', 'article-resnet', '--channels', '3', '--classes', '100'];
    const { parameters } = await ask(model, ...args);
    expect(parameters).toBe(195_450 + 2 * 16 * 9 + 90 * 65);
  });
});

describe('datasets', () => {
  it('lists', async () => {
    const entry = z.object({ name: z.string(), found: z.boolean(), trainImages: z.int(), downloadBytes: z.int() });
    const { datasets } = await ask(z.object({ datasets: z.array(entry) }), 'datasets');
    expect(datasets.find(({ name }) => name === 'mnist')).toMatchObject({ found: true, trainImages: 60_000 });
  });

  it('describes one: source, size, checksum, where it was found and that it is right', async () => {
    const file = z.object({ name: z.string(), bytes: z.int(), md5: z.string().nullable(), downloadMd5: z.string() });
    const split = z.object({
      split: z.enum(['train', 'test']),
      found: z.object({ files: z.array(z.string()).length(2) }),
      problem: z.null(),
      perClass: z.array(z.int()).length(10),
    });
    const schema = z.object({ source: z.string(), files: z.array(file).length(4), splits: z.array(split).length(2) });
    const { files, splits } = await ask(schema, 'datasets', 'mnist');
    expect(files[0]).toMatchObject({ bytes: 47_040_016, md5: '6bbc9ace898e44ae57da46a324031adb' });
    expect(readFileSync(splits[1].found.files[0])).toHaveLength(7_840_016);
    // Of the test images of MNIST, by digit, as published.
    expect(splits[1].perClass).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });
});

describe('doctor', () => {
  const available = z.object({ available: z.boolean(), problem: z.string().nullable() });
  const report = z.object({
    versions: z.object({ residua: z.string(), node: z.literal(process.versions.node), v8: z.string() }),
    processor: z.object({ model: z.string(), cores: z.int().min(1) }),
    threads: z.int().min(1),
    simd: z.literal(true),
    relaxedSimd: z.literal(true),
    fusedMultiplyAdd: z.boolean(),
    wideVectors: z.boolean(),
    memory: z.object({ totalBytes: z.number().positive(), freeBytes: z.number().positive() }),
    devices: z.object({ cpu: available.extend({ difference: z.number() }), gpu: available, reference: available }),
    data: z.array(z.object({ name: z.string(), found: z.boolean() })),
    advice: z.array(z.string()),
  });

  it('tells what there is, and that the cpu device computes rightly', async () => {
    const { devices, data } = await ask(report, 'doctor');
    expect(devices.cpu).toMatchObject({ available: true, problem: null });
    expect(devices.cpu.difference).toBeLessThan(1e-3);
    expect(data).toContainEqual(expect.objectContaining({ name: 'mnist', found: true }));
  });

  it('says whether vectors are wide, and advises a later Node where that may be why they are not', async () => {
    const { wideVectors, advice } = await ask(report, 'doctor');
    const old = Number(process.versions.node.split('.')[0]) < 24;
    if (old) expect(wideVectors).toBe(false);
    expect(advice.some((text) => text.includes('Node 24 or later'))).toBe(old && process.arch === 'x64');
    const { stdout } = await residua(['doctor']);
    expect(stdout).toMatch(wideVectors ? /^wide vectors +yes, 256 bits/m : /^wide vectors +no: 128 bits/m);
  });

  it('advises on the data sets that are missing', async () => {
    const { advice, data } = await ask(report, 'doctor');
    const line = advice.find((text) => text.startsWith('Downloaded at first use: ')) ?? '';
    const named = line.split(/[:,.] ?/);
    for (const { name, found } of data) expect(named.includes(name)).toBe(!found);
  });

  it('is read by people, too', async () => {
    const { code, stdout, stderr } = await residua(['doctor']);
    expect(stdout).toMatch(/^relaxed SIMD +yes/m);
    expect(stdout).toMatch(/^mnist +yes/m);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('streams', () => {
  it('a reader that goes away is met in silence', async () => {
    const { code, stderr } = await residua(['models', 'article-resnet'], {
      onStart: (child) => child.stdout?.destroy(),
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('has no colours where it is no terminal', async () => {
    const { stdout } = await residua(['models']);
    expect(stdout).not.toContain('\x1b');
  });
});
