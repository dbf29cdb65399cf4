// The addresses of runs: what there is, what can be done to them, and what they have learned.

import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import type { Hono } from 'hono';
import { exportFormats } from '../../train/run/node.ts';
import type { RunDetail } from '../protocol.ts';
import { pauseRun, removeRun, resumeRun, startRun } from './actions.ts';
import type { ApiParts, Bound } from './api.ts';
import { bodyOf, emptySchema, oneOf, startSchema, wholeNumber } from './checks.ts';
import { Evaluations, noModel } from './evaluations.ts';
import { readMetrics } from './metrics-tail.ts';
import { sendFile, sendReport, TENSORS } from './send-file.ts';

export function addRunRoutes(app: Hono<Bound>, { store, tools }: ApiParts): void {
  const evaluations = new Evaluations(tools);

  app.get('/api/runs', async (c) => {
    await store.look();
    return c.json(store.runs);
  });
  app.post('/api/runs', async (c) => c.json(await startRun(store, await bodyOf(c, startSchema)), 201));
  app.get('/api/runs/:id', async (c) => {
    const id = c.req.param('id');
    const view = await store.run(id);
    const messages = store.jobs.get(id)?.messages ?? [];
    if (view.config === null && view.state !== 'damaged') {
      return c.json({ ...view, summary: null, messages, files: {} } satisfies RunDetail);
    }
    const record = await store.record(id);
    const files = await sizesOf(record.files);
    return c.json({ ...view, summary: record.summary ?? null, messages, files } satisfies RunDetail);
  });
  app.delete('/api/runs/:id', async (c) => {
    await removeRun(store, c.req.param('id'));
    return c.body(null, 204);
  });
  app.post('/api/runs/:id/pause', async (c) => {
    await bodyOf(c, emptySchema);
    return c.json(await pauseRun(store, c.req.param('id')));
  });
  app.post('/api/runs/:id/resume', async (c) => {
    await bodyOf(c, emptySchema);
    return c.json(await resumeRun(store, c.req.param('id')));
  });
  app.get('/api/runs/:id/metrics', async (c) => {
    const after = wholeNumber(c.req.query('after') ?? '0', 'after');
    const view = await store.run(c.req.param('id'));
    const points = view.config === null ? [] : await readMetrics((await store.record(view.id)).files.metrics);
    const from = Math.min(after, points.length);
    return c.json({ from, points: points.slice(from) });
  });
  app.get('/api/runs/:id/model.safetensors', async (c) => {
    const record = await store.record(c.req.param('id'));
    const answer = await sendFile(c, record.files.model, { type: TENSORS, saveAs: `${record.view.name}.safetensors` });
    if (answer) return answer;
    throw noModel(record.id);
  });
  app.get('/api/runs/:id/report.html', async (c) => {
    const { id, files } = await store.record(c.req.param('id'));
    return sendReport(c, files.report, id);
  });
  app.get('/api/runs/:id/evaluation', async (c) => {
    return c.json(await evaluations.of(await store.record(c.req.param('id'))));
  });
  app.get('/api/runs/:id/export', async (c) => {
    const to = oneOf(exportFormats, c.req.query('to') ?? '', 'to');
    const { id, files, view } = await store.record(c.req.param('id'));
    if (!view.hasModel) throw noModel(id);
    const options = { type: TENSORS, saveAs: `${view.name}.${to}` };
    const out = join(os.tmpdir(), `residua-export-${randomUUID()}.${to}`);
    try {
      if (to !== 'safetensors') await tools.run(['export', files.model, `--to=${to}`, `--out=${out}`]);
      const answer = await sendFile(c, to === 'safetensors' ? files.model : out, options);
      if (answer) return answer;
      throw noModel(id);
    } finally {
      await rm(out, { force: true }); // what is open is sent nevertheless
    }
  });
}

/** Of the files that are there. */
async function sizesOf(files: object): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const path of Object.values(files) as string[]) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) sizes[basename(path)] = found.size;
  }
  return sizes;
}
