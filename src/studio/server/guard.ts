// Who may ask. The studio listens on this machine only, but any page that the user has open in a browser can send requests
// there, too. What such a page cannot do is choose the headers that the browser adds:
//
//   Host            names the site that the browser believes to talk to. A page that has made its own name point to 127.0.0.1
//                   (DNS rebinding) shows here with that name.
//   Origin          names the page that asks, wherever a request could change anything.
//   Sec-Fetch-Site  says whether the page that asks is of this site; for requests without an Origin, such as those of <img>.
//
// Programs without a browser (curl) send the right Host and neither of the others; what they can do, their user can.

import type { IncomingMessage } from 'node:http';
import { RequestError } from './request-error.ts';

/** @throws RequestError unless the request comes from the studio's own page, from a link to it, or from no page at all */
export function checkOrigin({ headers, url = '', method }: IncomingMessage, port: number): void {
  const { host, origin } = headers;
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const hosts = names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    const found = host === undefined ? 'none' : `'${host}'`;
    throw new RequestError('forbidden', `expected the Host 127.0.0.1:${port} or localhost:${port}, found ${found}`, {
      hint: `Open http://127.0.0.1:${port}/. Through a tunnel, use the same port on both sides.`,
    });
  }
  if (!url.startsWith('/')) throw new RequestError('forbidden', `expected a path, found '${url}'`);
  if (origin !== undefined && !isSame(origin, host)) {
    throw new RequestError('forbidden', `requests from the page ${origin} are not answered`);
  }
  const site = headers['sec-fetch-site'];
  const isLink = headers['sec-fetch-mode'] === 'navigate' && (method === 'GET' || method === 'HEAD');
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwn && !(isLink && !url.startsWith('/api'))) {
    throw new RequestError('forbidden', 'requests from other pages are not answered');
  }
}

const isSame = (origin: string, host: string): boolean => origin.toLowerCase() === `http://${host.toLowerCase()}`;

/**
 * Everything that the page loads comes from here; nothing that it knows goes anywhere else. COOP and COEP isolate it from
 * other pages, which a browser asks for before it allows shared memory, and with it threads.
 */
export const pagePolicy = [
  "default-src 'none'",
  // The engine compiles WebAssembly, and starts its threads from a blob.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "frame-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Of reports, which need nothing but themselves; the page may show them in a frame. */
const documentPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `${pagePolicy}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export const reportHeaders: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'Content-Security-Policy': documentPolicy,
};
