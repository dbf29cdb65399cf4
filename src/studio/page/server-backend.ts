// The studio's server as a backend: its addresses are in protocol.ts.

import { ResiduaError } from '../../errors.ts';
import {
  type CompareRequest,
  type DataSplit,
  type ErrorAnswer,
  type ExportFormat,
  type RunSettings,
  routes,
  type StartRequest,
  type StudioEvent,
} from '../protocol.ts';
import type { Backend } from './backend.ts';

export class ServerBackend implements Backend {
  readonly kind = 'server';
  readonly exportFormats = ['onnx', 'safetensors', 'pth'] as const;

  subscribe(onEvent: (event: StudioEvent) => void, onConnection: (connected: boolean) => void): () => void {
    let source: EventSource;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      source = new EventSource(routes.events);
      source.onopen = () => onConnection(true);
      source.onmessage = ({ data }) => onEvent(JSON.parse(data));
      source.onerror = () => {
        onConnection(false);
        // A browser gives up where it was refused (such as 503); it tries again by itself where the server was away.
        if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 2000);
      };
    };
    open();
    return () => {
      clearTimeout(retry);
      source.close();
    };
  }

  catalogue = () => get(routes.catalogue);
  detail = (id: string) => get(routes.run(id));
  metrics = (id: string, after: number) => get(routes.metrics(id, after));
  evaluation = (id: string) => get(routes.evaluation(id));
  model = (id: string) => bytes(routes.model(id));
  runImage = async (id: string, split: Parameters<typeof routes.runImage>[1], index: number) =>
    routes.runImage(id, split, index);
  image = async (dataset: string, split: DataSplit, index: number) => routes.image(dataset, split, index);
  data = (dataset: string, split: DataSplit, limit?: number) => bytes(routes.data(dataset, split, limit));
  resolve = (settings: RunSettings) => post(routes.resolve, { settings });
  start = (request: StartRequest) => post(routes.runs, request);
  pause = (id: string) => post(routes.pause(id));
  resume = (id: string) => post(routes.resume(id));
  remove = (id: string) => remove(routes.run(id));
  report = (id: string) => routes.report(id);
  compare = (request: CompareRequest) => post(routes.compare, request);
  comparison = (id: string) => get(routes.comparison(id));
  stopComparison = (id: string) => post(routes.stopComparison(id));
  resumeComparison = (id: string) => post(routes.resumeComparison(id));
  removeComparison = (id: string) => remove(routes.comparison(id));
  comparisonReport = (id: string) => routes.comparisonReport(id);

  async exportFile(id: string, to: ExportFormat) {
    return { url: routes.export(id, to), fileName: `${id.replace(':', '-')}.${to}` };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what the server answers is of the type that protocol.ts says
const get = async (url: string): Promise<any> => (await request(url)).json();

const bytes = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await request(url)).arrayBuffer());

// biome-ignore lint/suspicious/noExplicitAny: as above
const post = async (url: string, body: unknown = {}): Promise<any> => {
  const headers = { 'content-type': 'application/json' };
  return (await request(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
};

const remove = async (url: string): Promise<void> => void (await request(url, { method: 'DELETE' }));

/** @throws ResiduaError with the server's own message, or that it can't be reached */
async function request(url: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, options).catch((error) => {
    const hint = 'Start `residua studio` again in the terminal; this page will find it.';
    throw new ResiduaError('the studio on this machine does not answer', { hint, cause: error });
  });
  if (response.ok) return response;
  const answer = (await response.json().catch(() => undefined)) as ErrorAnswer | undefined;
  const { message, hint } = answer?.error ?? { message: `${response.status} ${response.statusText}` };
  throw new ResiduaError(message, { hint });
}
