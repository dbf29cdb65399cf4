// A run as the studio knows it: what its folder holds, who works on it, and what that makes of its state. Files are read when
// they have changed.

import { readFile, stat } from 'node:fs/promises';
import { canSignal, type Owner } from '../../files/lock.node.ts';
import { ownerOfFolder } from '../../train/run/lock.node.ts';
import { parseRunConfig, type RunConfig, type RunSummary } from '../../train/run/node.ts';
import { filesOf } from '../../train/run/run-folder.node.ts';
import type { MetricsAnswer, RunProgress, RunState, RunView } from '../protocol.ts';
import { outcomeOf, progressOf } from '../run-views.ts';
import type { Job } from './jobs.ts';
import { MetricsTail } from './metrics-tail.ts';
import type { RunFolder } from './run-folders.ts';

export class RunRecord {
  readonly id: string;
  readonly path: string;
  readonly files: ReturnType<typeof filesOf>;
  readonly #folder: RunFolder;
  readonly #metrics: MetricsTail;
  readonly #config: JsonFile<RunConfig>;
  readonly #summary: JsonFile<RunSummary>;
  #owner: Owner | undefined;
  /** The process that was asked to stop from here, though it was not started here. */
  #stopping: string | undefined;
  #view: RunView | undefined;
  /** What the view was made of. */
  #seen = '';

  constructor(folder: RunFolder) {
    this.id = folder.id;
    this.path = folder.listing.path;
    this.files = filesOf(this.path);
    this.#folder = folder;
    this.#metrics = new MetricsTail(this.files.metrics);
    this.#config = new JsonFile(this.files.config, (json) => parseRunConfig(json, 'config.json'));
    this.#summary = new JsonFile(this.files.result, checkSummary);
  }

  get view(): RunView {
    return this.#view!;
  }

  get config(): RunConfig | undefined {
    return this.#config.value;
  }

  get summary(): RunSummary | undefined {
    return this.#summary.value;
  }

  /** The process that works on the run. */
  get owner(): Owner | undefined {
    return this.#owner;
  }

  has(name: string): boolean {
    return this.#folder.listing.files.has(name);
  }

  /** Marks a process that was not started here as asked to stop. */
  stopping({ token }: Owner): void {
    this.#stopping = token;
  }

  /** @returns the log points that have come since the last call, if any have */
  async update(job: Job | undefined): Promise<MetricsAnswer | undefined> {
    this.#owner = this.has('run.lock') ? await ownerOfFolder(this.path) : undefined;
    const seen = [this.#folder.listing.version, this.#owner?.token, this.#stopping, job?.started, job?.state].join();
    // Only whoever has the lock adds to the metrics. All else that changes changes the folder.
    if (seen === this.#seen && this.#owner === undefined) return undefined;
    this.#seen = seen;
    await this.#config.read();
    await this.#summary.read();
    const news = await this.#metrics.read();
    this.#view = this.#look(job);
    return news;
  }

  #look(job: Job | undefined): RunView {
    const { id, name, group } = this.#folder;
    const config = this.#config.value ?? null;
    const state = this.#state(job);
    const works = state === 'starting' || state === 'running' || state === 'pausing';
    const reachable = job?.state === 'running' || (this.#owner !== undefined && canSignal(this.#owner));
    const can = {
      pause: (state === 'starting' || state === 'running') && reachable,
      resume: state === 'paused' || state === 'interrupted' || (state === 'failed' && config !== null),
      remove: !works,
    };
    const problem = this.#config.problem ?? (state === 'failed' ? job!.problem : null);
    const created = this.#config.changed;
    return {
      id,
      name,
      group,
      state,
      config,
      problem,
      progress: this.#progress(),
      result: this.summary === undefined ? null : outcomeOf(this.summary),
      created,
      updated: Math.max(created, this.#metrics.changed, this.#summary.changed),
      hasModel: this.has('model.safetensors'),
      hasReport: this.has('report.html'),
      can,
    };
  }

  #state(job: Job | undefined): RunState {
    if (job !== undefined && job.state !== 'ended') return job.state === 'stopping' ? 'pausing' : 'running';
    if (this.#owner) return this.#owner.token === this.#stopping ? 'pausing' : 'running';
    if (this.#config.problem !== undefined) return 'damaged';
    // It may have been resumed elsewhere since.
    if (job?.problem != null && this.#summary.changed < job.ended!) return 'failed';
    if (this.summary === undefined) return 'interrupted';
    if (this.summary.status === 'finished') return 'finished';
    // A run that was stopped, resumed, and then killed has gone on since.
    return (this.#metrics.last?.step ?? 0) > this.summary.steps ? 'interrupted' : 'paused';
  }

  #progress(): RunProgress | null {
    const { last, count } = this.#metrics;
    return last === undefined || this.config === undefined ? null : progressOf(this.config, last, count);
  }
}

function checkSummary(json: unknown): RunSummary {
  const { status, steps } = (json ?? {}) as Partial<RunSummary>;
  if ((status === 'finished' || status === 'stopped') && typeof steps === 'number') return json as RunSummary;
  throw new Error('result.json is damaged');
}

/** A file of JSON that others replace, as it last was. */
class JsonFile<Value> {
  value: Value | undefined;
  /** What is wrong with it; undefined where it is right, or is not there. */
  problem: string | undefined;
  /** When it was written; 0 where it is not there. */
  changed = 0;
  readonly #path: string;
  readonly #parse: (json: unknown) => Value;
  #key = '';

  /** @param parse throws an Error for what is not right */
  constructor(path: string, parse: (json: unknown) => Value) {
    this.#path = path;
    this.#parse = parse;
  }

  async read(): Promise<void> {
    const found = await stat(this.#path).catch(() => undefined);
    const key = found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (key === this.#key) return;
    this.#key = key;
    this.changed = found?.mtimeMs ?? 0;
    [this.value, this.problem] = [undefined, undefined];
    if (found === undefined) return;
    try {
      this.value = this.#parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }
}
