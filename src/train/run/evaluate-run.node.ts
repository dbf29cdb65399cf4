// Evaluating a trained model on a data set.

import type { DeviceName } from '../../devices/create-device.node.ts';
import type { Evaluation } from '../evaluate.ts';
import type { Reporter } from './reporter.ts';

export interface EvaluateRunOptions {
  /** A name of the catalog or a folder; the one it was trained on by default. */
  readonly dataset?: string;
  /** Only the first so many images. */
  readonly limit?: number;
  /** Images at once, 100 by default; the result doesn't depend on it. */
  readonly batchSize?: number;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
  /** Its download, evaluate and warning are called. */
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** Quality on the test set. @param path a run folder or weights file */
export async function evaluateRun(path: string, options: EvaluateRunOptions = {}): Promise<Evaluation> {
  throw new Error(`not there yet: ${JSON.stringify({ path, options })}`);
}
