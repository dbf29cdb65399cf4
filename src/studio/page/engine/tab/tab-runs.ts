// The runs of this browser as a store of runs (backend.ts), and the way to begin one. The page reads their folders itself;
// what computes or writes is the worker's. Which run this tab was training is remembered over a reload, so that it goes on.

import type { SplitName } from '../../../../data/index.ts';
import { ResiduaError } from '../../../../errors.ts';
import type { RunConfig } from '../../../../train/run/node.ts';
import type {
  EvaluationAnswer,
  ExportFormat,
  MetricsAnswer,
  RunDetail,
  RunSettings,
  RunView,
  StudioEvent,
} from '../../../protocol.ts';
import type { Backend, RunStore } from '../../backend.ts';
import { recall, remember } from '../../session.ts';
import { networkEngine, trainingEngine } from '../clients.ts';
import { CHANNEL, idOf, nameOf, type TabMessage, type TabProgress } from './messages.ts';
import type { TabData } from './platform.ts';
import { fileNames, openRunFiles, runNames } from './storage.ts';
import { detailOf, pointsOf, viewOf } from './views.ts';

/** Of this tab alone, and kept over a reload: the run that it trains. */
const REMEMBERED = 'training';

/** A worker may die without a word: as long as a run is said to be trained, it is looked at so often. */
const LOOK_MS = 3000;

export interface Watcher {
  /** What a run does at the moment, some times a second; undefined when it has ended. */
  onProgress(id: string, progress: TabProgress | undefined): void;
  /** The run that this very tab trains, or none. */
  onOwn(id: string | null): void;
}

export class TabRuns implements RunStore {
  readonly exportFormats = ['safetensors'] as const;
  readonly #backend: Pick<Backend, 'data' | 'image'>;
  readonly #watcher: Watcher;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #known = new Map<string, RunView>();
  readonly #pausing = new Set<string>();
  readonly #messages = new Map<string, string[]>();
  readonly #evaluations = new Map<string, Promise<EvaluationAnswer>>();
  /** The run whose data is being loaded. */
  #resuming: string | undefined;
  #onEvent: (event: StudioEvent) => void = () => {};

  /** @param backend where data comes from */
  constructor(backend: Pick<Backend, 'data' | 'image'>, watcher: Watcher) {
    this.#backend = backend;
    this.#watcher = watcher;
  }

  subscribe(onEvent: (event: StudioEvent) => void): () => void {
    this.#onEvent = onEvent;
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#hear(data);
    void this.#begin();
    const timer = setInterval(() => {
      for (const { id, state } of this.#known.values())
        if (state === 'running' || state === 'pausing') void this.#look(id);
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      this.#channel.close();
    };
  }

  /** What settings come to in a tab. @throws ResiduaError that says what is wrong with them */
  configure(settings: RunSettings): Promise<RunConfig> {
    return trainingEngine.call('configure', { settings });
  }

  /** @returns the run's id, once it trains */
  async start(settings: RunSettings, name?: string): Promise<string> {
    const config = await this.configure(settings);
    const data = await this.#dataOf(config);
    // Asks the browser not to clear this page's files when room is short; it may say no.
    void navigator.storage.persist?.();
    const id = idOf(await trainingEngine.call('start', { config, data, name }));
    this.#remember(id);
    await this.#look(id);
    return id;
  }

  async resume(id: string): Promise<void> {
    const name = nameOf(id);
    const before = remembered();
    this.#resuming = id;
    // At once: a reload while the data is loaded must not forget it.
    this.#remember(id);
    try {
      const data = await this.#dataOf(await trainingEngine.call('configOf', { name }));
      await trainingEngine.call('resume', { name, data });
    } catch (error) {
      this.#remember(before === id ? null : before);
      throw error;
    } finally {
      this.#resuming = undefined;
    }
  }

  async pause(id: string): Promise<void> {
    if (remembered() === id) this.#remember(null);
    this.#pausing.add(id);
    this.#channel.postMessage({ type: 'pause', id } satisfies TabMessage);
    await this.#look(id);
  }

  async remove(id: string): Promise<void> {
    await trainingEngine.call('remove', { name: nameOf(id) });
    if (remembered() === id) this.#remember(null);
    this.#channel.postMessage({ type: 'run-removed', id } satisfies TabMessage);
    this.#hear({ type: 'run-removed', id });
  }

  detail = (id: string): Promise<RunDetail> =>
    detailOf(nameOf(id), this.#pausing.has(id), this.#messages.get(id) ?? []);

  async metrics(id: string, after: number): Promise<MetricsAnswer> {
    const points = await pointsOf(await openRunFiles(nameOf(id)));
    const from = Math.min(after, points.length);
    return { from, points: points.slice(from) };
  }

  async model(id: string): Promise<Uint8Array> {
    const bytes = await (await openRunFiles(nameOf(id))).read(fileNames.model);
    if (bytes) return bytes;
    throw new ResiduaError(`${nameOf(id)} has no weights yet`, { hint: 'Pause it, or wait for its end.' });
  }

  async evaluation(id: string): Promise<EvaluationAnswer> {
    const { config, updated } = await viewOf(nameOf(id), false);
    if (!config) throw new ResiduaError(`${nameOf(id)} is damaged`);
    const key = `${id} ${updated}`;
    const measured = this.#evaluations.get(key) ?? this.#evaluate(nameOf(id), config);
    this.#evaluations.set(key, measured);
    measured.catch(() => this.#evaluations.delete(key));
    return measured;
  }

  async runImage(id: string, split: SplitName, index: number): Promise<string> {
    const { config } = await viewOf(nameOf(id), false);
    return this.#backend.image(config?.dataset ?? '', split === 'test' ? 'test' : 'train', index);
  }

  async exportFile(id: string, _to: ExportFormat) {
    const file = await (await openRunFiles(nameOf(id))).open(fileNames.model);
    if (!file) throw new ResiduaError(`${nameOf(id)} has no weights yet`);
    return { url: URL.createObjectURL(file), fileName: `${nameOf(id)}.safetensors` };
  }

  report = () => null;

  async #evaluate(name: string, { dataset, limit }: RunConfig): Promise<EvaluationAnswer> {
    const test = await this.#backend.data(dataset, 'test', limit ?? undefined);
    return networkEngine.call('evaluate', { name, test });
  }

  async #dataOf({ dataset, limit }: RunConfig): Promise<TabData> {
    const part = (split: 'train' | 'test') => this.#backend.data(dataset, split, limit ?? undefined);
    const [train, test] = await Promise.all([part('train'), part('test')]);
    return { train, test };
  }

  async #begin(): Promise<void> {
    // A browser that keeps no files has no runs; starting one says so.
    const names = await runNames().catch(() => []);
    const runs = await Promise.all(names.map((name) => viewOf(name, false).catch(() => undefined)));
    for (const run of runs) if (run) this.#known.set(run.id, run);
    this.#onEvent({ type: 'snapshot', runs: [...this.#known.values()], comparisons: [] });
    await this.#goOn();
  }

  /** After a reload in the middle of a run: from its last checkpoint. */
  async #goOn(): Promise<void> {
    const id = remembered();
    if (id === null) return;
    // The worker of the page before may have the run for a moment still.
    const until = performance.now() + LOOK_MS;
    while (this.#known.get(id)?.state === 'running' && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await this.#look(id);
    }
    if (this.#known.get(id)?.state !== 'interrupted') return this.#remember(null);
    await this.resume(id).catch(() => this.#look(id));
  }

  #hear(message: TabMessage): void {
    const { id } = message;
    if (message.type === 'progress') this.#watcher.onProgress(id, message.progress);
    else if (message.type === 'message') this.#messages.set(id, [...(this.#messages.get(id) ?? []), message.text]);
    else if (message.type === 'changed') void this.#look(id);
    else if (message.type === 'pause') this.#pausing.add(id);
    else {
      if (message.type === 'run-removed') for (const kept of [this.#known, this.#messages]) kept.delete(id);
      this.#onEvent(message);
    }
  }

  #remember(id: string | null): void {
    remember(REMEMBERED, id);
    this.#watcher.onOwn(id);
  }

  /** Reads a run anew, and tells where it has changed. */
  async #look(id: string): Promise<void> {
    const run = await viewOf(nameOf(id), this.#pausing.has(id)).catch(() => undefined);
    if (!run) return;
    if (run.state !== 'running' && run.state !== 'pausing') {
      this.#pausing.delete(id);
      // Its worker may have died in the middle; while it is resumed there is no lock yet, either.
      if (remembered() === id && this.#resuming !== id) this.#remember(null);
      this.#watcher.onProgress(id, undefined);
    }
    if (JSON.stringify(run) === JSON.stringify(this.#known.get(id))) return;
    this.#known.set(id, run);
    this.#onEvent({ type: 'run', run });
  }
}

const remembered = (): string | null => recall(REMEMBERED);
