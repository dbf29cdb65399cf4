// A studio without a server: the page, a trained run and its data as files that refer to each other by relative paths, so that
// any host of files, and any folder on it, serves them. The page trains in the tab, draws, and looks inside of the run's model.
//
//   index.html, assets/    the page, told that there is no server behind it
//   studio.json            what the server's API would answer: catalogue, run, metrics, evaluation
//   runs/NAME/             model.safetensors, report.html
//   data/                  the run's data set, gzipped

import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { catalog } from '../../data/index.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import type { RunConfig } from '../../train/run/node.ts';
import {
  BACKEND_META,
  type Catalogue,
  type DataSplit,
  type RunDetail,
  type RunView,
  STATIC_MANIFEST,
  type StaticData,
  type StaticManifest,
  type StaticRun,
} from '../protocol.ts';
import type { DataChoice } from './build-choices.ts';
import { catalogue } from './catalogue.ts';
import { Datasets } from './datasets.ts';
import { Evaluations } from './evaluations.ts';
import { pagePolicy } from './guard.ts';
import type { Program } from './jobs.ts';
import { readMetrics } from './metrics-tail.ts';
import { filesIn } from './page.ts';
import type { RunRecord } from './run-record.ts';
import { RunStore } from './run-store.ts';
import { Tools } from './tools.ts';

export interface BuildOptions {
  /** The new folder; one that is there must be empty, or hold a build. */
  readonly out: string;
  /** The folder of runs. */
  readonly runs: string;
  /** A run's folder, or its id; the newest run when left out. */
  readonly run?: string;
  /** Which images go with it: without training images the tab cannot train, without test images it cannot test. */
  readonly data: DataChoice;
  /** The folder of the built page. */
  readonly page: string;
  readonly program: Program;
  /** One sentence. */
  readonly onProgress?: (message: string) => void;
}

export interface BuildResult {
  readonly folder: string;
  readonly run: string;
  readonly dataset: string;
  readonly data: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** What is not in it, and why. */
  readonly notes: readonly string[];
}

/** @throws ResiduaError where there is no page or no trained run, UsageError where the folder is in use */
export async function buildStudio(options: BuildOptions): Promise<BuildResult> {
  const { page, program, onProgress } = options;
  const out = resolve(options.out);
  const pageFiles = await filesIn(page);
  if (!pageFiles.has('index.html')) {
    throw new ResiduaError(`the studio's page is not in ${page}`, { hint: 'Build it first: npm run build.' });
  }
  await checkTarget(out);
  const tools = new Tools(program);
  const record = await chooseRun(options);
  // Before the measuring, which takes its time.
  await mkdir(out, { recursive: true }).catch((error) => {
    throw new ResiduaError(`could not make the folder ${out}: ${error.message}`, {
      hint: 'Make its parent writable, or name another folder.',
      cause: error,
    });
  });
  onProgress?.(`Measuring ${record.id} on its test images`);
  const run = await staticRun(record, tools, out);

  for (const folder of ['assets', 'data']) await rm(join(out, folder), { recursive: true, force: true });
  for (const [name, path] of pageFiles) {
    await mkdir(dirname(join(out, name)), { recursive: true });
    await copyFile(path, join(out, name));
  }
  await writeFile(join(out, 'index.html'), withoutServer(await readFile(pageFiles.get('index.html')!, 'utf8')));
  // GitHub's pages leave files alone then.
  await writeFile(join(out, '.nojekyll'), '');
  const { data, notes } = await staticData(options, record.config!, out);
  const manifest: StaticManifest = { catalogue: staticCatalogue(data), runs: [run], data };
  await writeFile(join(out, STATIC_MANIFEST), `${JSON.stringify(manifest)}\n`);

  const files = await filesIn(out);
  const sizes = await Promise.all([...files.values()].map(async (path) => (await stat(path)).size));
  return {
    folder: out,
    run: record.id,
    dataset: record.config!.dataset,
    data: data.flatMap(({ train, test }) => [train, test].filter((path) => path !== null)),
    files: files.size,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    notes,
  };
}

/** @throws UsageError where something else is there */
async function checkTarget(out: string): Promise<void> {
  const found = await readdir(out).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error.code === 'ENOTDIR' ? new UsageError(`${out} is a file, not a folder`) : error;
  });
  const others = found.filter((name) => !name.startsWith('.'));
  if (others.length > 0 && !others.includes(STATIC_MANIFEST)) {
    throw new UsageError(`${out} is not empty (it has ${others.slice(0, 3).join(', ')}), and holds no build`, {
      hint: 'Name a new folder.',
    });
  }
}

async function chooseRun({ run, runs, program }: BuildOptions): Promise<RunRecord> {
  if (run !== undefined && (await stat(join(run, 'config.json')).catch(() => undefined))) {
    const folder = resolve(run);
    return trained(await new RunStore(dirname(folder), program).record(basename(folder)));
  }
  const store = new RunStore(runs, program);
  if (run !== undefined) return trained(await store.record(run));
  await store.look();
  const newest = newestOf(store.runs);
  if (newest) return store.record(newest.id);
  throw new ResiduaError(`there is no trained run in ${runs}`, {
    hint: 'Train one first (residua train), or name one with --run.',
  });
}

/** A run that was trained to its end before one that was not. */
function newestOf(views: readonly RunView[]): RunView | undefined {
  const models = views.filter(({ hasModel, config }) => hasModel && config !== null);
  const finished = models.filter(({ state }) => state === 'finished');
  return (finished.length > 0 ? finished : models).sort((a, b) => b.updated - a.updated)[0];
}

function trained(record: RunRecord): RunRecord {
  if (record.has('model.safetensors') && record.config) return record;
  throw new ResiduaError(`${record.id} has no model yet`, { hint: 'A run writes it when it ends or is paused.' });
}

async function staticRun(record: RunRecord, tools: Tools, out: string): Promise<StaticRun> {
  const { view, files, summary } = record;
  const folder = `runs/${view.id.replace(':', '-')}`;
  await mkdir(join(out, folder), { recursive: true });
  const model = `${folder}/model.safetensors`;
  await copyFile(files.model, join(out, model));
  const report = view.hasReport ? `${folder}/report.html` : null;
  if (report) await copyFile(files.report, join(out, report));
  const run: RunDetail = {
    ...view,
    config: withoutPaths(view.config!),
    can: { pause: false, resume: false, remove: false },
    summary: summary ?? null,
    messages: [],
    files: { 'model.safetensors': (await stat(files.model)).size },
  };
  const evaluation = { ...(await new Evaluations(tools).of(record)), dataset: run.config!.dataset };
  return { run, metrics: await readMetrics(files.metrics), evaluation, model, report };
}

/** Where things are on this machine is nobody else's business. */
function withoutPaths(config: RunConfig): RunConfig {
  const isFolder = !catalog.some(({ name }) => name === config.dataset);
  return {
    ...config,
    dataset: isFolder ? basename(config.dataset) : config.dataset,
    weights: config.weights && basename(config.weights),
    command: isFolder || config.weights ? undefined : config.command,
  };
}

async function staticData(
  { data: choice, onProgress }: BuildOptions,
  { dataset }: RunConfig,
  out: string,
): Promise<{ data: StaticData[]; notes: string[] }> {
  if (choice === 'none') return { data: [], notes: ['Without images the tab can neither train nor test.'] };
  if (!catalog.some(({ name }) => name === dataset)) {
    return { data: [], notes: [`The images of ${dataset} are not in it: only data sets with a name can be.`] };
  }
  const datasets = new Datasets();
  await mkdir(join(out, 'data'), { recursive: true });
  let bytes = 0;
  const write = async (split: DataSplit) => {
    onProgress?.(`Packing the ${split} images of ${dataset}`);
    const packed = await promisify(gzip)(await datasets.file(dataset, split, null));
    const path = `data/${dataset}-${split}.safetensors.gz`;
    await writeFile(join(out, path), packed);
    bytes += packed.length;
    return path;
  };
  const test = await write('test');
  const train = choice === 'all' ? await write('train') : null;
  const notes = train === null ? ['Without training images the tab cannot train.'] : [];
  return { data: [{ dataset, train, test, bytes }], notes };
}

function staticCatalogue(data: readonly StaticData[]): Catalogue {
  const all = catalogue('');
  const datasets = all.datasets.map((entry) => {
    return { ...entry, found: data.some(({ dataset, train }) => dataset === entry.name && train !== null) };
  });
  return { ...all, node: '', datasets };
}

/** Tells the page that it is alone, and the browser that nothing goes anywhere else. */
function withoutServer(html: string): string {
  const metas = [
    `<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">`,
    `<meta name="${BACKEND_META}" content="static">`,
  ];
  if (!/<head>/i.test(html)) throw new Error('the page has no <head>');
  return html.replace(/<head>/i, (head) => `${head}\n    ${metas.join('\n    ')}`);
}
