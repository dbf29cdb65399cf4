// The addresses of the studio and what answers each. Handlers throw; what is thrown becomes JSON in one place.

import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { commandAsTyped } from '../../cli/typed-command.ts';
import type { ResolvedSettings } from '../protocol.ts';
import { catalogue } from './catalogue.ts';
import { bodyOf, resolveSchema } from './checks.ts';
import { addComparisonRoutes } from './comparison-routes.ts';
import { addDataRoutes } from './data-routes.ts';
import type { EventStreams } from './events.ts';
import { securityHeaders } from './guard.ts';
import type { Page } from './page.ts';
import { RequestError, refusalOf } from './request-error.ts';
import { addRunRoutes } from './run-routes.ts';
import type { RunStore } from './run-store.ts';
import type { Tools } from './tools.ts';
import { trainingOf } from './words.ts';

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

export function createApi(parts: ApiParts): Hono<Bound> {
  const { store, events, page, onDefect } = parts;
  const app = new Hono<Bound>();

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
    return c.json({ config, command: commandAsTyped(words) } satisfies ResolvedSettings);
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

  addRunRoutes(app, parts);
  addComparisonRoutes(app, parts);
  addDataRoutes(app, parts);
  app.get('/*', async (c) => (await page.send(c, decodePath(c))) ?? c.notFound());
  return app;
}

function decodePath(c: Context): string {
  try {
    return decodeURIComponent(c.req.path);
  } catch {
    return c.req.path;
  }
}
