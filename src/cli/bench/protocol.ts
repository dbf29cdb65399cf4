// What the bench says to the processes that it measures, in lines of JSON: orders on their stdin, answers on their stdout.
// All of them speak it, Residua's own and the peers' (pytorch.py).

import type { DeviceName } from '../../devices/create-device.node.ts';
import type { StepTime } from '../../devices/device.ts';

export type Mode = 'train' | 'infer';

/** Get ready: read the workload, compile, and show by the numbers that come out that it is the same work. */
export interface PrepareOrder {
  readonly do: 'prepare';
  readonly mode: Mode;
  readonly threads: number;
  /** The workload's file; see workload.ts. */
  readonly workload: string;
  /** Steps before anything is timed. */
  readonly warmup: number;
  /**
   * How many first steps to take for the check. In training all take the first batch: its loss falls by far more than
   * rounding can move it, so what came of the gradients shows. In inference each takes another batch.
   */
  readonly checkSteps: number;
  /** Residua's. */
  readonly device?: DeviceName;
  /** Residua's: without relaxed SIMD. */
  readonly strict?: boolean;
  /** onnxruntime's: the exported network and the module that runs it. */
  readonly onnx?: { readonly file: string; readonly module: string };
}

export interface PrepareAnswer {
  /** What ran, with its version. */
  readonly name: string;
  /** Which form of it was chosen. */
  readonly variant?: string;
  /** The forms that were tried, with the median seconds of a step. */
  readonly tried?: readonly { readonly variant: string; readonly seconds: number }[];
  /** Training: the loss of each of the first steps. Inference: all logits of the first batches. */
  readonly check: readonly number[];
  readonly compileSeconds?: number;
  /** Residua's: see Device. */
  readonly vectorBits?: number;
  /** What the program works in, variables excluded. */
  readonly workspaceBytes?: number;
  /** Processor time that the process has taken so far, all threads. */
  readonly cpuSeconds: number;
  /** Resident bytes before and after getting ready; null where the system does not tell. */
  readonly rss: { readonly before: number | null; readonly after: number | null };
}

export interface StepsOrder {
  readonly do: 'steps';
  /** Steps to time. */
  readonly count: number;
  /** What goes before: at least so many steps, and at least so long. */
  readonly warmup: { readonly steps: number; readonly seconds: number };
}

export interface StepsAnswer {
  /** Of each timed step. */
  readonly seconds: readonly number[];
  /** Processor time that the process has taken so far, all threads. */
  readonly cpuSeconds: number;
  /** Resident bytes after the steps; null where the system does not tell. */
  readonly rss: number | null;
}

/** To Residua only: where does the time of a step go? */
export interface ProfileOrder {
  readonly do: 'profile';
  /** Steps to take; each part of a step gets its median over them. */
  readonly count: number;
}

export interface Answers {
  readonly prepare: PrepareAnswer;
  readonly steps: StepsAnswer;
  /** In the order in which they run; null where the device can't tell. */
  readonly profile: { readonly parts: readonly StepTime[] | null };
}

export type Order = PrepareOrder | StepsOrder | ProfileOrder;

/** Instead of an answer. */
export interface Failure {
  readonly error: string;
}
