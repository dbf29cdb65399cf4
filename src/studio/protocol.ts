// What the studio's page and its server say to each other: addresses, requests, answers, events. Types and addresses only,
// for both sides; the server checks what it gets (server/checks.ts), the page may trust what it gets.
//
//   page  --GET /api/events-->  server      a snapshot of all runs first, then everything that changes
//   page  --POST /api/runs-->   server      starts `residua train`; the new run comes as an event, too
//
// Numbers are plain JSON numbers, shares are from 0 to 1, times are milliseconds since 1970.

import type { ImageShape, Split, SplitName } from '../data/index.ts';
import type { ModelEntry } from '../models/index.ts';
import type { CompareSettings, Comparison } from '../train/compare/node.ts';
import type { BestEpoch, Evaluation, LogPoint, Predictions, Recipe } from '../train/index.ts';
import type { RunConfig, RunSummary, TrainSettings } from '../train/run/node.ts';

// ---------------------------------------------------------------------------------------------------------------- addresses

/** Relative to the page, so that the page works below any path. Ids and names are encoded here. */
export const routes = {
  /** GET: Catalogue */
  catalogue: 'api/catalogue',
  /** POST ResolveRequest: ResolvedSettings. What settings come to, before anything is started. */
  resolve: 'api/resolve',
  /** GET: RunView[]. POST StartRequest: RunView (201) */
  runs: 'api/runs',
  /** GET: RunDetail. DELETE: 204; refused (409) while a process works on it. */
  run: (id: string) => `api/runs/${encodeURIComponent(id)}`,
  /** GET: MetricsAnswer. @param after points that the page has already */
  metrics: (id: string, after = 0) => `api/runs/${encodeURIComponent(id)}/metrics?after=${after}`,
  /** POST: RunView. Ends it after the step under way, with everything saved. */
  pause: (id: string) => `api/runs/${encodeURIComponent(id)}/pause`,
  /** POST: RunView. Goes on with a run that is paused, interrupted or failed, to the same weights as without. */
  resume: (id: string) => `api/runs/${encodeURIComponent(id)}/resume`,
  /** GET: the file; 404 until the run has ended or was paused for the first time. */
  model: (id: string) => `api/runs/${encodeURIComponent(id)}/model.safetensors`,
  /** GET: the run's own report, a whole HTML document. */
  report: (id: string) => `api/runs/${encodeURIComponent(id)}/report.html`,
  /** GET: a file to keep. */
  export: (id: string, to: ExportFormat) => `api/runs/${encodeURIComponent(id)}/export?to=${to}`,
  /** GET: EvaluationAnswer. The first time it takes as long as testing does (seconds); then it is kept. */
  evaluation: (id: string) => `api/runs/${encodeURIComponent(id)}/evaluation`,
  /** GET: an image of the data set that a run was trained on, also where that is a folder; PNG. */
  runImage: (id: string, split: SplitName, index: number) =>
    `api/runs/${encodeURIComponent(id)}/images/${split}/${index}.png`,
  /** GET: an image of a data set of the catalogue; PNG. */
  image: (dataset: string, split: DataSplit, index: number) =>
    `api/datasets/${encodeURIComponent(dataset)}/${split}/images/${index}.png`,
  /** GET: the first `limit` images and labels, or all; a file as DATA_TENSORS says. */
  data: (dataset: string, split: DataSplit, limit?: number) =>
    `api/datasets/${encodeURIComponent(dataset)}/${split}/data.safetensors${limit === undefined ? '' : `?limit=${limit}`}`,
  /** POST CompareRequest: ComparisonView (201). */
  compare: 'api/compare',
  /** GET: ComparisonView[] */
  comparisons: 'api/comparisons',
  /** GET: ComparisonDetail. DELETE: 204. */
  comparison: (id: string) => `api/comparisons/${encodeURIComponent(id)}`,
  /** POST: ComparisonView. Ends it; what is done stays. */
  stopComparison: (id: string) => `api/comparisons/${encodeURIComponent(id)}/stop`,
  /** POST: ComparisonView. Goes on with one that was stopped or failed. */
  resumeComparison: (id: string) => `api/comparisons/${encodeURIComponent(id)}/resume`,
  /** GET: the comparison's report, a whole HTML document. */
  comparisonReport: (id: string) => `api/comparisons/${encodeURIComponent(id)}/report.html`,
  /** GET: server-sent events without a name; the data of each is a StudioEvent as JSON. */
  events: 'api/events',
} as const;

// -------------------------------------------------------------------------------------------------------------------- errors

/** The body of every answer that is not 2xx, whatever was asked for. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: ErrorCode;
    /** What was expected and what was found; may be shown to people. */
    readonly message: string;
    /** What to do. */
    readonly hint?: string;
  };
}

export type ErrorCode =
  | 'bad-request' // 400: not JSON, unknown settings, values out of range
  | 'forbidden' // 403: not from this page
  | 'not-found' // 404
  | 'missing-data' // 404: the data set is not on this machine yet; training downloads it
  | 'method-not-allowed' // 405
  | 'timeout' // 408: the request did not arrive in time
  | 'conflict' // 409: not in this state, such as resuming a run that runs
  | 'too-large' // 413
  | 'unsupported-type' // 415: the body of a POST must be application/json
  | 'headers-too-large' // 431
  | 'busy' // 503: more at once than the server takes; try again
  | 'failed' // 500: the work itself went wrong; the message says how
  | 'internal'; // 500: a defect

// ----------------------------------------------------------------------------------------------------------------- catalogue

export interface Catalogue {
  readonly version: string;
  /** Of the server; '' in a static build. */
  readonly node: string;
  /** Of the machine; threads that a run uses by default. */
  readonly cores: number;
  /** Where run folders are, for people; '' in a static build. */
  readonly folder: string;
  readonly recipes: readonly RecipeView[];
  readonly models: readonly ModelView[];
  readonly datasets: readonly DatasetView[];
  /** The names that options take. */
  readonly choices: {
    readonly optimizers: readonly string[];
    readonly schedules: readonly string[];
    readonly tasks: readonly string[];
    readonly activations: readonly string[];
    readonly augmentations: readonly string[];
    readonly devices: readonly string[];
  };
}

export interface RecipeView {
  readonly name: Recipe['name'];
  readonly description: string;
  /** What a run by this recipe uses where nothing else is said. */
  readonly config: RunConfig;
}

export type ModelView = Pick<
  ModelEntry,
  'name' | 'description' | 'family' | 'residual' | 'twin' | 'shortcuts' | 'imageSize' | 'inChannels' | 'classes'
>;

export interface DatasetView {
  readonly name: string;
  readonly title: string;
  /** Who made it, where it was published. */
  readonly source: string;
  /** [C, H, W] */
  readonly imageShape: ImageShape;
  readonly classes: readonly string[];
  /** Of each channel, in units of 0 to 1: what Normalize takes. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly trainImages: number;
  readonly testImages: number;
  /** Whether all its files are on this machine (static build: in the build). */
  readonly found: boolean;
  /** Of what training would download first; 0 where it is found. */
  readonly downloadBytes: number;
}

// ---------------------------------------------------------------------------------------------------------------------- runs

/**
 * What may be said about a run, under the names of the options of `residua train` in camelCase: { recipe: 'digits', epochs: 3,
 * lr: 0.01, batchSize: 64 }. What is left out comes from the recipe. `dataset` may be a folder on the server's machine.
 */
export type RunSettings = TrainSettings;

export interface ResolveRequest {
  readonly settings: RunSettings;
}

export interface ResolvedSettings {
  readonly config: RunConfig;
  /** That starts the same run in a terminal. */
  readonly command: string;
}

export interface StartRequest {
  readonly settings: RunSettings;
  /** The new run's folder; RECIPE-DATE by default. Letters, digits, '-', '_', '.'; 64 at most. */
  readonly name?: string;
}

/**
 * - starting: the process runs and has not made the run folder's files yet (reads data, downloads)
 * - running
 * - pausing: has been asked to stop, finishes its step and saves
 * - paused: stopped in order; can be resumed
 * - interrupted: nobody works on it and it did not end: it was killed or crashed; can be resumed
 * - finished: to the end, and tested
 * - failed: ended with an error, which `problem` tells; can be resumed where it has a config
 * - damaged: config.json cannot be read
 */
export type RunState =
  | 'starting'
  | 'running'
  | 'pausing'
  | 'paused'
  | 'interrupted'
  | 'finished'
  | 'failed'
  | 'damaged';

/** What a table of runs shows. */
export interface RunView {
  /** Its folder's name; 'GROUP:NAME' for a run in a folder of several (`--seeds`, `compare`). */
  readonly id: string;
  readonly name: string;
  /** The folder of several runs that it belongs to, or null. */
  readonly group: string | null;
  readonly state: RunState;
  /** null while it starts without one and where it is damaged. */
  readonly config: RunConfig | null;
  /** What went wrong, for people; null where nothing did. */
  readonly problem: string | null;
  /** The last log point; null before the first. */
  readonly progress: RunProgress | null;
  /** null until it has ended or was paused. */
  readonly result: RunOutcome | null;
  readonly created: number;
  readonly updated: number;
  /** Whether there is a model to draw for, to look into and to export. */
  readonly hasModel: boolean;
  readonly hasReport: boolean;
  readonly can: {
    readonly pause: boolean;
    readonly resume: boolean;
    readonly remove: boolean;
  };
}

export interface RunProgress extends LogPoint {
  /** Of the whole run. */
  readonly steps: number;
  /** At the speed of the last log point. */
  readonly secondsLeft: number;
  /** How many log points there are. */
  readonly points: number;
}

export interface RunOutcome
  extends Pick<
    RunSummary,
    'status' | 'steps' | 'epochs' | 'images' | 'trainSeconds' | 'imagesPerSecond' | 'seconds' | 'weightsHash'
  > {
  readonly best: BestEpoch | null;
  /** On the test set; null where it was stopped before. */
  readonly accuracy: number | null;
  readonly loss: number | null;
}

export interface RunDetail extends RunView {
  /** result.json, whole: its `test` has confusion and worst mistakes; null until the run has ended or was paused. */
  readonly summary: RunSummary | null;
  /** What its process printed for people, the last lines; only of runs started here. */
  readonly messages: readonly string[];
  /** Bytes of each file that is there: 'model.safetensors', 'checkpoint.safetensors', ... */
  readonly files: Readonly<Record<string, number>>;
}

/**
 * Points from index `from` on: what the page has from there on is replaced by these. `from` is smaller than what was asked for
 * where a resumed run has cut its log back.
 */
export interface MetricsAnswer {
  readonly from: number;
  readonly points: readonly LogPoint[];
}

export type ExportFormat = 'onnx' | 'safetensors' | 'pth';

/** Of the test images, in the order of the data set; indices are those of runImage(id, 'test', index). */
export interface EvaluationAnswer extends Evaluation {
  /** What it was measured on, as config.json names it. */
  readonly dataset: string;
  readonly classes: readonly string[];
  /** Of each image: the images behind each cell of the confusion matrix. null for multi-label. */
  readonly predictions: Predictions | null;
}

// ---------------------------------------------------------------------------------------------------------------------- data

export type DataSplit = Split;

/**
 * A safetensors file with a split: `images` U8 [N, H, W, C], `labels` U8 [N]. Its metadata under 'dataset' is a DataCard
 * as JSON.
 */
export const DATA_TENSORS = { images: 'images', labels: 'labels', card: 'dataset' } as const;

export interface DataCard {
  readonly name: string;
  readonly split: DataSplit;
  readonly classes: readonly string[];
  /** [C, H, W] */
  readonly imageShape: ImageShape;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the whole split, of which the file may hold the first ones only. */
  readonly length: number;
}

// --------------------------------------------------------------------------------------------------------------- comparisons

export interface CompareRequest {
  /** The options of `residua compare` in camelCase: { depths: [8, 20], epochs: 3 }. */
  readonly settings: CompareSettings;
  /** The new folder; compare-DATE by default. */
  readonly name?: string;
}

export interface ComparisonView {
  readonly id: string;
  readonly state: Exclude<RunState, 'damaged'>;
  readonly problem: string | null;
  readonly created: number;
  readonly updated: number;
  /** Ids of its runs: they are among the runs, in this group. */
  readonly runs: readonly string[];
  readonly hasReport: boolean;
  readonly can: { readonly stop: boolean; readonly resume: boolean; readonly remove: boolean };
}

export interface ComparisonDetail extends ComparisonView {
  /** comparison.json; null until it is written. */
  readonly result: Comparison | null;
  readonly messages: readonly string[];
}

// -------------------------------------------------------------------------------------------------------------------- events

export type StudioEvent =
  /** First on every connection, also after a connection was lost: what there is. Metrics are to be asked for anew. */
  | { readonly type: 'snapshot'; readonly runs: readonly RunView[]; readonly comparisons: readonly ComparisonView[] }
  /** New or changed. */
  | { readonly type: 'run'; readonly run: RunView }
  | { readonly type: 'run-removed'; readonly id: string }
  /** As a MetricsAnswer of that run. */
  | { readonly type: 'metrics'; readonly id: string; readonly from: number; readonly points: readonly LogPoint[] }
  | { readonly type: 'comparison'; readonly comparison: ComparisonView }
  | { readonly type: 'comparison-removed'; readonly id: string };

// -------------------------------------------------------------------------------------------------------------- static build

/**
 * `residua studio --build DIR` writes the page, and beside it this as STATIC_MANIFEST. In its index.html stands
 * <meta name="residua-backend" content="static">: that is how the page knows.
 */
export const STATIC_MANIFEST = 'studio.json';
export const BACKEND_META = 'residua-backend';

export interface StaticManifest {
  readonly catalogue: Catalogue;
  readonly runs: readonly StaticRun[];
  readonly data: readonly StaticData[];
}

/** A trained run. Paths are relative to the page. */
export interface StaticRun {
  readonly run: RunDetail;
  readonly metrics: readonly LogPoint[];
  readonly evaluation: EvaluationAnswer | null;
  readonly model: string;
  readonly report: string | null;
}

/** A data set of the catalogue, as gzipped files of DATA_TENSORS ('data/mnist-test.safetensors.gz'). */
export interface StaticData {
  readonly dataset: string;
  readonly train: string | null;
  readonly test: string | null;
  /** Bytes of both, compressed. */
  readonly bytes: number;
}
