// The addresses of comparisons.

import type { Hono } from 'hono';
import type { ComparisonDetail } from '../protocol.ts';
import type { ApiParts, Bound } from './api.ts';
import { bodyOf, emptySchema, startSchema } from './checks.ts';
import {
  readComparison,
  removeComparison,
  reportOf,
  resumeComparison,
  startComparison,
  stopComparison,
} from './comparisons.ts';
import { sendReport } from './send-file.ts';

export function addComparisonRoutes(app: Hono<Bound>, { store }: ApiParts): void {
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
}
