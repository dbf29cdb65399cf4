// Good files to begin with, made anew: a data set of pictures in four forms, a run of two epochs on it, and what it exports.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { exportRun, resolveRunConfig, trainRun } from '../../src/train/run/node.ts';

export interface Corpus {
  /** Folders of pictures, a folder a class. */
  readonly pictures: string;
  /** The same with a table of labels. */
  readonly table: string;
  readonly run: string;
  readonly weights: { readonly safetensors: string; readonly pth: string };
  readonly image: string;
}

const SIDE = 12;

async function picture(i: number, format: 'png' | 'jpeg' | 'webp'): Promise<Buffer> {
  const pixels = Buffer.from(Uint8Array.from({ length: SIDE * SIDE }, (_, p) => (p * (7 + i) + 40 * i) % 256));
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toFormat(format)
    .toBuffer();
}

/** @param root exists, and has nothing in it */
export async function makeCorpus(root: string): Promise<Corpus> {
  const [pictures, table, run] = ['pictures', 'table', 'run'].map((name) => join(root, name));
  const formats = ['png', 'jpeg', 'webp'] as const;
  const rows = ['file,label'];
  mkdirSync(table);
  for (let i = 0; i < 24; i++) {
    const format = formats[i % 3];
    const label = i % 2 === 0 ? 'cat' : 'dog';
    const folder = join(pictures, i < 16 ? 'train' : 'test', label);
    mkdirSync(folder, { recursive: true });
    const bytes = await picture(i, format);
    writeFileSync(join(folder, `${i}.${format}`), bytes);
    writeFileSync(join(table, `${i}.${format}`), bytes);
    rows.push(`${i}.${format},${label}`);
  }
  writeFileSync(join(table, 'labels.csv'), `${rows.join('\n')}\n`);
  const config = resolveRunConfig({
    ...{ dataset: pictures, epochs: 2, batchSize: 8, logEvery: 1, threads: 1, seed: 3, checkpointSeconds: 0 },
    modelOptions: { layers: [1, 1, 1], widths: [2, 2, 4] },
  });
  await trainRun(config, { folder: run });
  const [safetensors, pth] = [join(root, 'weights.safetensors'), join(root, 'weights.pth')];
  await exportRun(run, { to: 'safetensors', out: safetensors });
  await exportRun(run, { to: 'pth', out: pth });
  return { pictures, table, run, weights: { safetensors, pth }, image: join(pictures, 'train', 'cat', '0.png') };
}
