// The addresses of images: one to show, or all of a split to train on; of the catalog's data sets, and of those of runs.

import type { Context, Hono } from 'hono';
import { splits } from '../../data/catalog/description.ts';
import { splitNames } from '../../data/index.ts';
import type { ApiParts, Bound } from './api.ts';
import { oneOf, wholeNumber } from './checks.ts';
import { checkName, Datasets } from './datasets.ts';
import { RequestError } from './request-error.ts';
import { sendBytes, TENSORS } from './send-file.ts';

export function addDataRoutes(app: Hono<Bound>, { store }: ApiParts): void {
  const datasets = new Datasets();

  app.get('/api/datasets/:name/:split/images/:file{[0-9]+\\.png}', async (c) => {
    const [name, split] = datasetOf(c);
    const png = await datasets.image(name, { split, index: indexOf(c.req.param('file')), limit: null });
    return sendPng(c, png, 'private, max-age=86400');
  });
  app.get('/api/datasets/:name/:split/data.safetensors', async (c) => {
    const [name, split] = datasetOf(c);
    const said = c.req.query('limit');
    const limit = said === undefined ? null : wholeNumber(said, 'limit', 1);
    return sendBytes(c, await datasets.file(name, split, limit), TENSORS);
  });
  app.get('/api/runs/:id/images/:split/:file{[0-9]+\\.png}', async (c) => {
    const { config } = await store.record(c.req.param('id'));
    if (config === undefined) throw new RequestError('not-found', 'config.json is damaged');
    const split = oneOf(splitNames, c.req.param('split'), 'split');
    const index = indexOf(c.req.param('file'));
    const png = await datasets.image(config.dataset, { split, index, limit: config.limit });
    return sendPng(c, png, 'no-cache');
  });
}

function datasetOf(c: Context): [string, (typeof splits)[number]] {
  const name = c.req.param('name')!;
  checkName(name);
  return [name, oneOf(splits, c.req.param('split')!, 'split')];
}

const indexOf = (file: string): number => wholeNumber(file.replace(/\.png$/, ''), 'index');

const sendPng = (c: Context, png: Uint8Array, cache: string): Response =>
  c.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png', 'Cache-Control': cache });
