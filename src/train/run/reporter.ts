// What a training run tells while it works, and what it hands back. A run prints nothing: the command line, the studio and
// tests each implement a reporter. Every method may be left out.

import type { DownloadProgress } from '../../data/download-progress.ts';
import type { BestEpoch } from '../early-stopping.ts';
import type { Evaluation } from '../evaluate.ts';
import type { LoadedHead, StageState } from '../fine-tune.ts';
import type { PreflightWarning } from '../preflight/index.ts';
import type { EpochSummary, LogPoint, NormsPoint, StepProgress } from '../progress.ts';
import type { RunConfig } from './config.ts';

export interface Reporter {
  /** A file of the data set is being fetched. Not called when everything is on this machine. */
  download?(progress: DownloadProgress): void;
  /** Before `start`: something in the data or the settings that will hurt. Once for each thing found. */
  preflight?(warning: PreflightWarning): void;
  /** All is built; the first step comes next. */
  start?(start: RunStart): void;
  /** After every step: for a progress bar. Cheap to ignore; show it some ten times a second. */
  step?(progress: StepProgress): void;
  /** Every `logEvery` steps and at the end of each epoch: what metrics.jsonl gets a line of. */
  log?(point: LogPoint): void;
  /** As soon as the layers are measured; the next log point has this, too. */
  norms?(norms: NormsPoint): void;
  /** After an epoch, with the validation's result where images are held out. */
  epoch?(summary: EpochSummary): void;
  /** While a set is evaluated: images done. */
  evaluate?(progress: EvaluateProgress): void;
  /** Something that the run's owner should know of the data. One sentence. */
  note?(message: string): void;
  /** Something that does not stop the run, but that its owner should know. One sentence. */
  warning?(message: string): void;
}

export interface RunStart {
  readonly folder: string;
  readonly config: RunConfig;
  /** The device's own name: 'cpu', 'reference'. */
  readonly device: string;
  /** Trainable numbers of the model. */
  readonly parameters: number;
  /** What is trained and what is frozen, in the order of the layers. */
  readonly stages: readonly StageState[];
  /** The last layer of a model that begins with the weights of a file; null otherwise, and in a resumed run. */
  readonly head: LoadedHead | null;
  /** Of one forward pass of one image. */
  readonly multiplyAdds: number;
  readonly trainImages: number;
  /** Held out of the training images. */
  readonly validationImages: number;
  readonly testImages: number;
  readonly classes: readonly string[];
  /** What the preflight found; none when all is well. */
  readonly warnings: readonly PreflightWarning[];
  /** Steps an epoch; with accumulation the batches of a step count as one. */
  readonly batchesPerEpoch: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Where a resumed run goes on; 0 in a new one. */
  readonly startStep: number;
  /** Bytes that one training step works in, known before the first one. */
  readonly workspaceBytes: number;
  /** From the call to here: reading data, compiling. */
  readonly secondsToStart: number;
}

export interface EvaluateProgress {
  readonly set: 'validation' | 'test';
  readonly images: number;
  readonly of: number;
}

/** What a run came to; result.json holds it. */
export interface RunSummary {
  /** stopped: by the signal, before the end; such a run can be resumed and has no test result. */
  readonly status: 'finished' | 'stopped';
  /** Of the test set, once, at the end; null when the run was stopped. */
  readonly test: Evaluation | null;
  /** Steps done in all. */
  readonly steps: number;
  /** Epochs done in all. */
  readonly epochs: number;
  /** With early stopping: the epoch whose weights the run ends with, and its validation; null without. */
  readonly best: BestEpoch | null;
  /** Images trained on, before stops, too, and the seconds that their steps took: no compilation, tests or files. */
  readonly images: number;
  readonly trainSeconds: number;
  /** images / trainSeconds. */
  readonly imagesPerSecond: number;
  /** Everything since the run was begun or resumed: data, compilation, training, evaluation, files. */
  readonly seconds: number;
  /** SHA-256 of the final weights and running statistics, in hexadecimal. Equal hashes are equal models. */
  readonly weightsHash: string;
}

export interface RunResult extends RunSummary {
  readonly folder: string;
  readonly config: RunConfig;
  /** What the preflight found; none when all is well. */
  readonly warnings: readonly PreflightWarning[];
  /** Every log point, in order: the loss curve. */
  readonly log: readonly LogPoint[];
  readonly files: RunFiles;
}

/** Paths. */
export interface RunFiles {
  readonly config: string;
  /** What the preflight found: a list, empty when all is well. */
  readonly preflight: string;
  readonly metrics: string;
  readonly checkpoint: string;
  /** The one before, from the second on. */
  readonly previousCheckpoint: string;
  readonly model: string;
  readonly lossCurve: string;
  /** All of the run on one page. */
  readonly report: string;
  /** What the run came to: RunSummary as JSON. */
  readonly result: string;
}
