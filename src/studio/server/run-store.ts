// All runs and comparisons, kept up to date by looking: who started a run, and on which disk its folder is, makes no difference
// then, and a network drive or a container, where a system's notifications do not arrive, is no special case. Nobody looks
// while nobody listens and nothing is asked for.

import { COMPARISON } from '../../train/compare/compare.node.ts';
import type { ComparisonView, RunView, StudioEvent } from '../protocol.ts';
import { comparisonView } from './comparison-view.ts';
import { type Job, Jobs, type Program } from './jobs.ts';
import { RequestError } from './request-error.ts';
import { type Listing, RunFolders } from './run-folders.ts';
import { RunRecord } from './run-record.ts';

/** Milliseconds between two looks while somebody listens. */
const INTERVAL = 500;

/** Looking takes a twentieth of the time at most, however many runs there are: the rest is for training. */
const SHARE = 20;

type Listener = (event: StudioEvent) => void;

export class RunStore {
  readonly path: string;
  readonly jobs: Jobs;
  readonly #folders: RunFolders;
  readonly #records = new Map<string, RunRecord>();
  readonly #runs = new Latest<RunView>();
  readonly #comparisons = new Latest<ComparisonView>();
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param path the folder of runs; may not exist yet */
  constructor(path: string, program: Program) {
    this.path = path;
    this.#folders = new RunFolders(path);
    // What goes wrong here is told to whoever asks next.
    this.jobs = new Jobs(program, () => void this.look().catch(() => {}));
  }

  /** As of the last look. */
  get runs(): readonly RunView[] {
    return this.#runs.all;
  }

  get comparisons(): readonly ComparisonView[] {
    return this.#comparisons.all;
  }

  /** @throws RequestError where there is no such run */
  async run(id: string): Promise<RunView> {
    await this.look();
    return this.#runs.get(id) ?? notFound('run', id);
  }

  /** A run that has a folder. @throws RequestError */
  async record(id: string): Promise<RunRecord> {
    await this.look();
    return this.#records.get(id) ?? notFound('run', id);
  }

  /** @throws RequestError */
  async comparison(id: string): Promise<ComparisonView> {
    await this.look();
    return this.#comparisons.get(id) ?? notFound('comparison', id);
  }

  /** Looks at everything once. Whoever asks while a look is under way shares the next one, which sees all that came before. */
  look(): Promise<void> {
    if (this.#looking === undefined) {
      this.#looking = this.#lookOnce().finally(() => {
        this.#looking = undefined;
      });
      return this.#looking;
    }
    this.#next ??= this.#looking
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.look();
      });
    return this.#next;
  }

  /** @returns what ends it */
  async subscribe(listener: Listener): Promise<() => void> {
    await this.look();
    listener({ type: 'snapshot', runs: this.runs, comparisons: this.comparisons });
    this.#listeners.add(listener);
    this.#schedule();
    return () => this.#listeners.delete(listener);
  }

  /** Stops what was started here, in order. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.jobs.close();
  }

  #schedule(wait = INTERVAL): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      if (this.#listeners.size === 0) return;
      const begin = performance.now();
      await this.look().catch(() => {}); // an unreadable folder may be readable again next time
      this.#schedule(Math.max(INTERVAL, SHARE * (performance.now() - begin)));
    }, wait).unref();
  }

  #tell(event: StudioEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #lookOnce(): Promise<void> {
    const { runs, groups } = await this.#folders.list();
    const present = new Map<string, RunView>();
    for (const folder of runs) {
      const record = this.#records.get(folder.id) ?? new RunRecord(folder);
      this.#records.set(folder.id, record);
      const news = await record.update(this.jobs.get(folder.id));
      if (news) this.#tell({ type: 'metrics', id: folder.id, ...news });
      present.set(folder.id, record.view);
    }
    for (const id of this.#records.keys()) if (!present.has(id)) this.#records.delete(id);
    for (const job of this.jobs.all) {
      if (job.command !== 'train' || present.has(job.id)) continue;
      const view = viewWithoutFolder(job);
      if (view) present.set(job.id, view);
    }
    this.#runs.replace(present, {
      changed: (run) => this.#tell({ type: 'run', run }),
      removed: (id) => this.#tell({ type: 'run-removed', id }),
    });
    this.#comparisons.replace(await this.#comparisonsOf(groups, [...present.values()]), {
      changed: (comparison) => this.#tell({ type: 'comparison', comparison }),
      removed: (id) => this.#tell({ type: 'comparison-removed', id }),
    });
  }

  async #comparisonsOf(
    groups: ReadonlyMap<string, Listing>,
    runs: readonly RunView[],
  ): Promise<Map<string, ComparisonView>> {
    const views = new Map<string, ComparisonView>();
    const begun = [...groups].filter(([, { files }]) => files.has(COMPARISON)).map(([name]) => name);
    const started = this.jobs.all.filter(({ command }) => command === 'compare').map(({ id }) => id);
    for (const id of new Set([...begun, ...started])) {
      const members = runs.filter(({ group }) => group === id);
      const view = await comparisonView(id, { job: this.jobs.get(id), listing: groups.get(id), members });
      if (view) views.set(id, view);
    }
    return views;
  }
}

/** The last of each, and what has changed since. */
class Latest<View extends object> {
  readonly #views = new Map<string, { view: View; text: string }>();

  get all(): View[] {
    return [...this.#views.values()].map(({ view }) => view);
  }

  get(id: string): View | undefined {
    return this.#views.get(id)?.view;
  }

  replace(
    now: ReadonlyMap<string, View>,
    { changed, removed }: { changed: (view: View) => void; removed: (id: string) => void },
  ): void {
    for (const id of [...this.#views.keys()].filter((id) => !now.has(id))) {
      this.#views.delete(id);
      removed(id);
    }
    for (const [id, view] of now) {
      const before = this.#views.get(id);
      if (before?.view === view) continue;
      const text = JSON.stringify(view);
      this.#views.set(id, { view, text });
      if (before?.text !== text) changed(view);
    }
  }
}

/** Of a training whose folder has no config.json (yet); undefined where it was stopped before it had one. */
function viewWithoutFolder(job: Job): RunView | undefined {
  const { id, started, state, problem } = job;
  if (state === 'ended' && problem === null) return undefined;
  return {
    id,
    name: id,
    group: null,
    state: state === 'ended' ? 'failed' : state === 'stopping' ? 'pausing' : 'starting',
    config: null,
    problem,
    progress: null,
    result: null,
    created: started,
    updated: started,
    hasModel: false,
    hasReport: false,
    can: { pause: state === 'running', resume: false, remove: state === 'ended' },
  };
}

function notFound(what: string, id: string): never {
  throw new RequestError('not-found', `there is no ${what} '${id}'`);
}
