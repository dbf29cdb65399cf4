// What a bench is asked to measure, and what it finds: both plain data, the latter is what --json prints.

import type { DeviceName } from '../../devices/create-device.node.ts';
import type { StepTime } from '../../devices/device.ts';
import type { Mode } from './protocol.ts';
import type { Spread } from './statistics.ts';

export interface BenchPlan {
  readonly model: string;
  readonly inChannels: number;
  readonly imageSize: number;
  readonly classes: number;
  readonly modes: readonly Mode[];
  /** Images a step; one measurement each. */
  readonly batchSizes: readonly number[];
  readonly threads: readonly number[];
  readonly device: DeviceName;
  readonly strict: boolean;
  /** Timed steps of each contestant. */
  readonly steps: number;
  /** In how many turns each contestant takes them. */
  readonly turns: number;
  /** Steps before anything is timed. */
  readonly warmup: number;
  /** Whether PyTorch and onnxruntime take part where they are installed. */
  readonly peers: boolean;
  /** The Python that has PyTorch; looked for when undefined. */
  readonly python: string | undefined;
  /** Further training steps during which the memory is watched; 0 for none. */
  readonly memorySteps: number;
  /** Whether to say where the time of a step goes. */
  readonly profile: boolean;
}

export interface BenchResult {
  readonly model: {
    readonly name: string;
    /** [C, H, W] */
    readonly imageShape: readonly number[];
    readonly classes: number;
    readonly parameters: number;
    /** Of the forward pass of one image. */
    readonly multiplyAdds: number;
  };
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
  };
  readonly measurements: readonly Measurement[];
  /** Peers that could not take part, and why. */
  readonly absent: readonly { readonly peer: string; readonly reason: string }[];
}

/** Contestants that worked in turns on the same batches. */
export interface Measurement {
  readonly mode: Mode;
  readonly batchSize: number;
  readonly contestants: readonly ContestantResult[];
  readonly ratios: readonly Ratio[];
  /** Share of the cores' time that other processes took during the turns, 0 to 1: what makes figures doubtful. */
  readonly disturbance: number;
  readonly memory: MemoryWatch | null;
  /** The parts of Residua's step in the order in which they run. */
  readonly profile: readonly StepTime[] | null;
}

export interface ContestantResult {
  readonly contestant: ContestantName;
  /** With its version or device. */
  readonly name: string;
  readonly variant: string | null;
  /** The forms that were tried before the one in `variant` was chosen, with the median seconds of a step. */
  readonly tried: readonly { readonly variant: string; readonly seconds: number }[];
  readonly threads: number;
  readonly imagesPerSecond: Spread;
  readonly secondsAStep: Spread;
  /** The median of each turn. */
  readonly turns: readonly number[];
  /** Residua's: the width of the vectors that it computed on, where its device has any. */
  readonly vectorBits: number | null;
  /** Residua's. */
  readonly compileSeconds: number | null;
  /** Residua's: what its program works in, variables excluded. */
  readonly workspaceBytes: number | null;
  /** Resident bytes of its process: before it made ready, after that, and after its last step. */
  readonly rss: { readonly before: number | null; readonly ready: number | null; readonly after: number | null };
  /**
   * How far its first results (losses or logits) are from Residua's, relative to the largest; null for Residua.
   */
  readonly difference: number | null;
}

export const contestantNames = ['residua', 'pytorch', 'onnxruntime'] as const;
export type ContestantName = (typeof contestantNames)[number];

/** Residua's images a second over a peer's with as many threads. */
export interface Ratio {
  readonly peer: ContestantName;
  readonly threads: number;
  /** Of the medians over all steps. */
  readonly ratio: number;
  /** Of the medians of single turns. */
  readonly lowest: number;
  readonly highest: number;
  readonly turns: number;
}

/** Residua's resident bytes over many further steps. */
export interface MemoryWatch {
  readonly steps: number;
  readonly threads: number;
  readonly samples: readonly { readonly step: number; readonly rss: number }[];
  /** From the sample after a tenth of the steps to the last one. */
  readonly growthBytes: number;
}
