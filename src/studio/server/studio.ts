// The studio as a whole: the folder of runs, what watches it, what works for it, and the server that tells the page.

import { createApi } from './api.ts';
import { EventStreams } from './events.ts';
import { listen } from './http-server.ts';
import type { Program } from './jobs.ts';
import { Page } from './page.ts';
import { RunStore } from './run-store.ts';
import { Tools } from './tools.ts';

export interface StudioOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** The folder of runs, absolute; made when the first run is started. */
  readonly runs: string;
  /** The folder of the built page. */
  readonly page: string;
  readonly program: Program;
  /** Told of defects. */
  readonly onDefect: (error: unknown) => void;
}

export interface Studio {
  readonly port: number;
  readonly url: string;
  /** Trainings that were started here and run. */
  readonly working: number;
  /** Stops what was started here in order, everything saved, and then answers no more. */
  close(): Promise<void>;
}

/** @throws ResiduaError where the port cannot be had */
export async function startStudio({ port, runs, page, program, onDefect }: StudioOptions): Promise<Studio> {
  const store = new RunStore(runs, program);
  const tools = new Tools(program);
  const events = new EventStreams(store);
  const api = createApi({ store, tools, events, page: new Page(page), onDefect });
  const server = await listen({ port, fetch: api.fetch, onDefect });
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}/`,
    get working() {
      return store.jobs.all.filter(({ state }) => state !== 'ended').length;
    },
    close: async () => {
      tools.close();
      await store.close();
      events.close();
      await server.close();
    },
  };
}
