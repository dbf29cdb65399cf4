// A training run from configuration to run folder.

import type { RunConfig, RunOverrides } from './config.ts';
import type { Reporter, RunResult } from './reporter.ts';

export interface RunOptions {
  /** The run folder, which must not exist yet; runs/RECIPE-DATE by default. */
  readonly folder?: string;
  readonly reporter?: Reporter;
  /** Aborting it ends the run after the current step, with everything saved. */
  readonly signal?: AbortSignal;
}

/** The configuration with the recipe's values wherever `overrides` says nothing. */
export function resolveRunConfig(overrides: RunOverrides): RunConfig {
  throw new Error(`not there yet: ${JSON.stringify(overrides)}`);
}

/** Trains, evaluates on the test set at the end, and writes the run folder. */
export async function trainRun(config: RunConfig, options: RunOptions = {}): Promise<RunResult> {
  throw new Error(`not there yet: ${JSON.stringify({ config, options })}`);
}

/** Goes on with a run that was stopped, from its checkpoint to the end. */
export async function resumeRun(folder: string, options: Omit<RunOptions, 'folder'> = {}): Promise<RunResult> {
  throw new Error(`not there yet: ${JSON.stringify({ folder, options })}`);
}
