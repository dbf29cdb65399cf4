// The server below the addresses: it listens on this machine only, looks at who asks before anything is read, and bounds what
// a client can hold: time for headers and body, sizes, connections. A client that breaks these rules is refused; the others
// are served.

import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { ResiduaError } from '../../errors.ts';
import { checkOrigin, securityHeaders } from './guard.ts';
import { RequestError, refusalOf, statusOf } from './request-error.ts';

const HOST = '127.0.0.1';

/** Milliseconds for all headers, and for the whole request, to arrive. */
const HEADERS_TIME = 10_000;
const REQUEST_TIME = 10_000;
const CHECK_EVERY = 1000;
/** Milliseconds for which a connection waits for the next request. */
const IDLE_TIME = 5000;
const HEADER_BYTES = 16 * 1024;
const MOST_CONNECTIONS = 1024;

export interface HttpServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly fetch: Parameters<typeof getRequestListener>[0];
  readonly onDefect: (error: unknown) => void;
}

/** @throws ResiduaError where the port cannot be had */
export async function listen({ port, fetch, onDefect }: HttpOptions): Promise<HttpServer> {
  // Node's own Request and Response stay as they are for the rest of the program.
  const answer = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => refuse(error, onDefect),
  });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIME,
      requestTimeout: REQUEST_TIME,
      connectionsCheckingInterval: CHECK_EVERY,
      keepAliveTimeout: IDLE_TIME,
      maxHeaderSize: HEADER_BYTES,
    },
    (request, response) => {
      try {
        checkOrigin(request, addressOf(server).port);
      } catch (error) {
        const { status, answer } = refusalOf(error);
        const body = Buffer.from(JSON.stringify(answer));
        const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, Connection: 'close' };
        response.writeHead(status, { ...securityHeaders, ...headers }).end(body);
        return;
      }
      answer(request, response).catch(onDefect);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on('clientError', refuseRaw);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(port, error)));
    server.listen(port, HOST, resolve);
  });
  server.on('error', onDefect);
  return {
    port: addressOf(server).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function addressOf(server: Server): { port: number } {
  return server.address() as { port: number };
}

/** What could not be made a request of. */
function refuse(error: unknown, onDefect: (error: unknown) => void): Response {
  const isMalformed = error instanceof Error && error.name === 'RequestError' && !(error instanceof RequestError);
  const own = isMalformed ? new RequestError('bad-request', `not a request: ${error.message}`) : error;
  const { status, answer } = refusalOf(own);
  if (answer.error.code === 'internal') onDefect(error);
  return Response.json(answer, { status, headers: securityHeaders });
}

/** What is no HTTP, or came too slowly. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['headers-too-large', `headers have at most ${HEADER_BYTES} bytes`] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['timeout', 'the request did not arrive in time'] as const)
        : (['bad-request', 'not a request of HTTP'] as const);
  const body = JSON.stringify({ error: { code, message } });
  const head = [
    `HTTP/1.1 ${statusOf[code]} Refused`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function cannotListen(port: number, error: NodeJS.ErrnoException): ResiduaError {
  if (error.code === 'EADDRINUSE') {
    return new ResiduaError(`port ${port} is in use by another program, or by another studio`, {
      hint: `Open http://${HOST}:${port}/ to see, or choose another port with --port (0: any that is free).`,
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new ResiduaError(`port ${port} may not be used by this user`, {
      hint: 'Choose one above 1023 with --port.',
      cause: error,
    });
  }
  return new ResiduaError(`cannot listen on ${HOST}:${port}: ${error.message}`, { cause: error });
}
