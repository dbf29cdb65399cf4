import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { LogPoint } from '../../train/index.ts';
import { toLine } from '../../train/run/metrics-lines.ts';
import { MetricsTail, readMetrics } from './metrics-tail.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

const place = { epoch: 1, epochs: 2, batch: 1, batches: 9 };
const point = (step: number): LogPoint => {
  return { step, ...place, learningRate: 0.1, loss: 1 / step, accuracy: 0.5, imagesPerSecond: 100 };
};
const points = [1, 2, 3, 4].map(point);

it('gives each point once, wherever the writer was when it looked', async () => {
  const path = join(folder, 'growing.jsonl');
  const text = points.map(toLine).join('');
  const tail = new MetricsTail(path);
  expect(await tail.read()).toBeUndefined();
  writeFileSync(path, '');
  const found: LogPoint[] = [];
  for (const byte of text) {
    appendFileSync(path, byte);
    const news = await tail.read();
    if (news && news.points.length > 0) expect(news.from).toBe(found.length);
    found.push(...(news?.points ?? []));
  }
  expect(found).toEqual(points);
  expect([tail.count, tail.last]).toEqual([4, points[3]]);
  expect(await tail.read()).toBeUndefined();
});

it('begins again where a resumed run has put a shorter file, or as long a one, in its place', async () => {
  const path = join(folder, 'resumed.jsonl');
  writeFileSync(path, points.map(toLine).join(''));
  const tail = new MetricsTail(path);
  await tail.read();
  for (const kept of [points.slice(0, 2), points.toReversed()]) {
    writeFileSync(`${path}.part`, kept.map(toLine).join(''));
    renameSync(`${path}.part`, path);
    expect(await tail.read()).toEqual({ from: 0, points: kept });
  }
});

it('passes over lines that are no log points', async () => {
  const path = join(folder, 'damaged.jsonl');
  const lines = [
    toLine(points[0]),
    '{"step": 2\n',
    'null\n',
    '5\n',
    '\n',
    '{"loss": "low"}\n',
    '\0\0\n',
    toLine(points[1]),
  ];
  writeFileSync(path, lines.join(''));
  expect(await readMetrics(path)).toEqual(points.slice(0, 2));
  expect(await readMetrics(join(folder, 'none.jsonl'))).toEqual([]);
});

it('is not stopped by a line that is longer than it reads at once', async () => {
  const path = join(folder, 'long.jsonl');
  writeFileSync(path, `${'x'.repeat(9 * 2 ** 20)}\n${toLine(points[0])}`);
  expect(await readMetrics(path)).toEqual([points[0]]);
});
