// The addresses of the studio and what answers each. Handlers throw; what is thrown becomes JSON in one place.

import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { commandLine } from '../../cli/invocation.ts';
import { splits } from '../../data/catalog/description.ts';
import { splitNames } from '../../data/index.ts';
import { exportFormats } from '../../train/run/node.ts';
import type { ComparisonDetail, ResolvedSettings, RunDetail } from '../protocol.ts';
import { pauseRun, removeRun, resumeRun, startRun } from './actions.ts';
import { catalogue } from './catalogue.ts';
import { bodyOf, emptySchema, oneOf, resolveSchema, startSchema, wholeNumber } from './checks.ts';
import {
  readComparison,
  removeComparison,
  reportOf,
  resumeComparison,
  startComparison,
  stopComparison,
} from './comparisons.ts';
import { checkName, Datasets } from './datasets.ts';
import { Evaluations, noModel } from './evaluations.ts';
import type { EventStreams } from './events.ts';
import { reportHeaders, securityHeaders } from './guard.ts';
import { readMetrics } from './metrics-tail.ts';
import type { Page } from './page.ts';
import { RequestError, refusalOf } from './request-error.ts';
import type { RunStore } from './run-store.ts';
import { sendFile } from './send-file.ts';
import type { Tools } from './tools.ts';
import { trainingOf } from './words.ts';

const TENSORS = 'application/octet-stream';

/** What Node knows of a request. */
export type Bound = { Bindings: HttpBindings };

export interface ApiParts {
  readonly store: RunStore;
  readonly tools: Tools;
  readonly events: EventStreams;
  readonly page: Page;
  /** Told of defects; their stack traces go nowhere else. */
  readonly onDefect: (error: unknown) => void;
}

export function createApi({ store, tools, events, page, onDefect }: ApiParts): Hono<Bound> {
  const app = new Hono<Bound>();
  const datasets = new Datasets();
  const evaluations = new Evaluations(tools);

  const refuse = (context: Context, error: unknown) => {
    const { status, answer } = refusalOf(error);
    if (answer.error.code === 'internal') onDefect(error);
    return context.json(answer, status);
  };

  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
    if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store');
  });
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const answer = refuse(
          context,
          new RequestError('method-not-allowed', `expected ${methods.join(' or ')}, found ${context.req.method}`),
        );
        answer.headers.set('Allow', methods.join(', '));
        return answer;
      },
    }),
  );
  app.onError((error, context) => refuse(context, error));
  app.notFound((context) => refuse(context, new RequestError('not-found', `there is no ${context.req.path}`)));

  app.get('/api/catalogue', (c) => c.json(catalogue(store.path)));
  app.post('/api/resolve', async (c) => {
    const { settings } = await bodyOf(c, resolveSchema);
    const { words, config } = await trainingOf(settings);
    return c.json({ config, command: commandLine(words) } satisfies ResolvedSettings);
  });

  app.get('/api/events', (c) => {
    const headers = { 'Content-Type': 'text/event-stream' };
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    return c.body(
      events.open(() => c.env.outgoing.destroy()),
      200,
      headers,
    );
  });

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
    return answer ?? refuse(c, noModel(record.id));
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
    const saveAs = `${view.name}.${to}`;
    if (to === 'safetensors') return (await sendFile(c, files.model, { type: TENSORS, saveAs }))!;
    const out = join(os.tmpdir(), `residua-export-${randomUUID()}.${to}`);
    try {
      await tools.run(['export', files.model, `--to=${to}`, `--out=${out}`]);
      return (await sendFile(c, out, { type: TENSORS, saveAs }))!;
    } finally {
      await rm(out, { force: true }); // what is open is sent nevertheless
    }
  });
  app.get('/api/runs/:id/images/:split/:file{[0-9]+\\.png}', async (c) => {
    const { config } = await store.record(c.req.param('id'));
    if (config === undefined) throw new RequestError('not-found', 'config.json is damaged');
    const split = oneOf(splitNames, c.req.param('split'), 'split');
    const index = indexOf(c.req.param('file'));
    const png = await datasets.image(config.dataset, { split, index, limit: config.limit });
    return sendPng(c, png, 'no-cache');
  });

  app.post('/api/compare', async (c) => c.json(await startComparison(store, await bodyOf(c, startSchema)), 201));
  app.get('/api/comparisons', async (c) => {
    await store.look();
    return c.json(store.comparisons);
  });
  app.get('/api/comparisons/:id', async (c) => {
    const view = await store.comparison(c.req.param('id'));
    const messages = store.jobs.get(view.id)?.messages ?? [];
    return c.json({ ...view, result: await readComparison(store, view), messages } satisfies ComparisonDetail);
  });
  app.delete('/api/comparisons/:id', async (c) => {
    await removeComparison(store, c.req.param('id'));
    return c.body(null, 204);
  });
  app.post('/api/comparisons/:id/stop', async (c) => {
    await bodyOf(c, emptySchema);
    return c.json(await stopComparison(store, c.req.param('id')));
  });
  app.post('/api/comparisons/:id/resume', async (c) => {
    await bodyOf(c, emptySchema);
    return c.json(await resumeComparison(store, c.req.param('id')));
  });
  app.get('/api/comparisons/:id/report.html', async (c) => {
    const view = await store.comparison(c.req.param('id'));
    return sendReport(c, reportOf(store, view), view.id);
  });

  app.get('/api/datasets/:name/:split/images/:file{[0-9]+\\.png}', async (c) => {
    const [name, split] = datasetOf(c);
    const png = await datasets.image(name, { split, index: indexOf(c.req.param('file')), limit: null });
    return sendPng(c, png, 'private, max-age=86400');
  });
  app.get('/api/datasets/:name/:split/data.safetensors', async (c) => {
    const [name, split] = datasetOf(c);
    const said = c.req.query('limit');
    const limit = said === undefined ? null : wholeNumber(said, 'limit', 1);
    return c.body(await datasets.file(name, split, limit), 200, { 'Content-Type': TENSORS });
  });

  app.get('/*', async (c) => (await page.send(c, decodePath(c))) ?? c.notFound());
  return app;
}

async function sendReport(c: Context, path: string, id: string): Promise<Response> {
  const answer = await sendFile(c, path, { type: 'text/html; charset=utf-8', headers: reportHeaders });
  if (answer) return answer;
  throw new RequestError('not-found', `${id} has no report yet`);
}

function datasetOf(c: Context): [string, (typeof splits)[number]] {
  const name = c.req.param('name')!;
  checkName(name);
  return [name, oneOf(splits, c.req.param('split')!, 'split')];
}

const indexOf = (file: string): number => wholeNumber(file.replace(/\.png$/, ''), 'index');

const sendPng = (c: Context, png: Uint8Array, cache: string): Response =>
  c.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png', 'Cache-Control': cache });

function decodePath(c: Context): string {
  try {
    return decodeURIComponent(c.req.path);
  } catch {
    return c.req.path;
  }
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
