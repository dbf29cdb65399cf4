// Where the page gets runs and data from, and who trains: the same words for both builds of it.
//
//   ServerBackend   `residua studio` on this machine (src/studio/server)
//   StaticBackend   files beside the page: a trained network and data; nothing can be started outside of the tab
//
// Runs that were trained in the tab are not here: they are a RunStore of their own (train/), and state/runs.ts joins both.

import type { SplitName } from '../../data/index.ts';
import type {
  Catalogue,
  CompareRequest,
  ComparisonDetail,
  ComparisonView,
  DataSplit,
  EvaluationAnswer,
  ExportFormat,
  MetricsAnswer,
  ResolvedSettings,
  RunDetail,
  RunSettings,
  RunView,
  StartRequest,
  StudioEvent,
} from '../protocol.ts';

/** Runs, and what is known of each. Promises are rejected with a ResiduaError. */
export interface RunStore {
  /**
   * Tells everything there is (a 'snapshot' event) and then what changes, until the answer is called.
   *
   * @param onConnection whether the store can be reached; when it comes back, a new snapshot follows
   */
  subscribe(onEvent: (event: StudioEvent) => void, onConnection: (connected: boolean) => void): () => void;
  detail(id: string): Promise<RunDetail>;
  metrics(id: string, after: number): Promise<MetricsAnswer>;
  /** model.safetensors */
  model(id: string): Promise<Uint8Array>;
  /** On the test images. Takes seconds the first time. */
  evaluation(id: string): Promise<EvaluationAnswer>;
  /** The address of an image that the run was trained or tested on. */
  runImage(id: string, split: SplitName, index: number): Promise<string>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Formats that runs can be had in. */
  readonly exportFormats: readonly ExportFormat[];
  /** The address of a file to keep. */
  exportFile(id: string, to: ExportFormat): Promise<{ readonly url: string; readonly fileName: string }>;
  /** The address of the run's report; null where there are none. */
  report(id: string): string | null;
}

export interface Backend extends RunStore {
  readonly kind: 'server' | 'static';
  catalogue(): Promise<Catalogue>;
  /** What settings come to, and what is wrong with them. Only of a server. */
  resolve(settings: RunSettings): Promise<ResolvedSettings>;
  /** Only of a server. */
  start(request: StartRequest): Promise<RunView>;
  /** An image of a data set of the catalogue. */
  image(dataset: string, split: DataSplit, index: number): Promise<string>;
  /** A safetensors file as DATA_TENSORS says: the first `limit` images, or all. */
  data(dataset: string, split: DataSplit, limit?: number): Promise<Uint8Array>;
  /** Only of a server, as are the next five. */
  compare(request: CompareRequest): Promise<ComparisonView>;
  comparison(id: string): Promise<ComparisonDetail>;
  stopComparison(id: string): Promise<void>;
  resumeComparison(id: string): Promise<void>;
  removeComparison(id: string): Promise<void>;
  comparisonReport(id: string): string;
}
