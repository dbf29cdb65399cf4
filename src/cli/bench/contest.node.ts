// One measurement: contestants, each a process of its own that waits while another one works, take turns on the same
// batches (A B C A B C ...), so that whatever slows the machine down for a while slows all of them.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StepTime } from '../../devices/device.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { Child } from './child.node.ts';
import { pytorchProgram } from './peers.node.ts';
import type { BenchPlan, ContestantName, ContestantResult, Measurement, MemoryWatch, Ratio } from './plan.ts';
import type { Mode, PrepareAnswer } from './protocol.ts';
import { medianOf, spread } from './statistics.ts';

export interface Contest {
  readonly mode: Mode;
  readonly batchSize: number;
  /** The workload's file. */
  readonly workload: string;
  /** A Python with PyTorch. */
  readonly python: string | undefined;
  readonly onnx: { readonly module: string; readonly file: string } | undefined;
}

export interface ContestEvents {
  /** What goes on now. */
  progress(text: string): void;
  /** A peer that failed; the others go on. */
  absent(peer: ContestantName, reason: string): void;
}

/** First steps whose results are compared. */
const CHECK_STEPS = 3;
/** Steps that a contestant takes before the timed ones of a turn, to have its data in the caches again. */
const TURN_WARMUP = 2;
const MEMORY_SAMPLES = 20;
const PROFILED_STEPS = 20;

interface Contestant {
  readonly contestant: ContestantName;
  readonly threads: number;
  readonly child: Child;
  readonly ready: PrepareAnswer;
  /** Seconds of each step, by turn. */
  readonly turns: number[][];
  rss: number | null;
}

/** Ends the contestants when the signal is aborted; whatever was asked of them fails then. */
export async function holdContest(
  contest: Contest,
  plan: BenchPlan,
  events: ContestEvents,
  signal: AbortSignal,
): Promise<Measurement> {
  const contestants: Contestant[] = [];
  const stop = () => {
    for (const { child } of contestants) child.close();
  };
  signal.addEventListener('abort', stop);
  try {
    for (const threads of plan.threads) {
      for (const name of namesFor(contest)) {
        events.progress(`${name}, threads ${threads}: getting ready`);
        signal.throwIfAborted();
        const contestant = await prepare(name, threads, contest, plan, events);
        if (contestant) contestants.push(contestant);
      }
    }
    const order = { do: 'steps', count: Math.ceil(plan.steps / plan.turns), warmup: TURN_WARMUP } as const;
    for (let turn = 1; turn <= plan.turns; turn++) {
      for (const contestant of contestants) {
        events.progress(`turn ${turn} of ${plan.turns}: ${contestant.ready.name}, threads ${contestant.threads}`);
        const { seconds, rss } = await contestant.child.ask<'steps'>(order);
        contestant.turns.push([...seconds]);
        contestant.rss = rss;
      }
    }
    const { mode, batchSize } = contest;
    const results = contestants.map((contestant) => resultOf(contestant, contestants, batchSize));
    const own = contestants.findLast(({ contestant }) => contestant === 'residua')!;
    const profile = plan.profile ? await profileOf(own) : null;
    const memory = plan.memorySteps > 0 ? await watchMemory(own, plan.memorySteps, events) : null;
    return { mode, batchSize, contestants: results, ratios: ratiosOf(results), profile, memory };
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(contestants.map(({ child }) => child.close()));
  }
}

function namesFor({ mode, python, onnx }: Contest): ContestantName[] {
  const names: ContestantName[] = ['residua'];
  if (python !== undefined) names.push('pytorch');
  if (onnx && mode === 'infer') names.push('onnxruntime');
  return names;
}

/** undefined for a peer that failed; Residua's own failure is thrown. */
async function prepare(
  contestant: ContestantName,
  threads: number,
  { mode, workload, python, onnx }: Contest,
  { warmup, device, strict }: BenchPlan,
  events: ContestEvents,
): Promise<Contestant | undefined> {
  const child =
    contestant === 'pytorch'
      ? new Child(contestant, python!, [pytorchProgram])
      : new Child(contestant, process.execPath, [runnerFile()]);
  try {
    const ready = await child.ask<'prepare'>({
      do: 'prepare',
      mode,
      threads,
      workload,
      warmup,
      checkSteps: CHECK_STEPS,
      device,
      strict,
      onnx: contestant === 'onnxruntime' ? onnx : undefined,
    });
    return { contestant, threads, child, ready, turns: [], rss: ready.rss.after };
  } catch (error) {
    await child.close();
    if (contestant === 'residua' || !(error instanceof ResiduaError)) throw error;
    events.absent(contestant, error.message);
    return undefined;
  }
}

/** Beside this file in the built package; from source, in the build if there is one. */
function runnerFile(): string {
  const places = ['./bench-runner.js', '../../../dist/bench-runner.js'];
  const files = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const file = files.find((candidate) => existsSync(candidate));
  if (file !== undefined) return file;
  throw new ResiduaError("the bench's runner has not been built", { hint: 'Run `npm run build` first.' });
}

function resultOf(own: Contestant, all: readonly Contestant[], batchSize: number): ContestantResult {
  const { contestant, threads, ready, turns, rss } = own;
  const reference = all.find((other) => other.contestant === 'residua');
  const seconds = turns.flat();
  return {
    contestant,
    name: ready.name,
    variant: ready.variant ?? null,
    tried: ready.tried ?? [],
    threads,
    imagesPerSecond: spread(seconds.map((s) => batchSize / s)),
    secondsAStep: spread(seconds),
    turns: turns.map((turn) => batchSize / medianOf(turn)),
    compileSeconds: ready.compileSeconds ?? null,
    workspaceBytes: ready.workspaceBytes ?? null,
    rss: { before: ready.rss.before, ready: ready.rss.after, after: rss },
    difference: contestant === 'residua' || !reference ? null : difference(ready.check, reference.ready.check),
  };
}

/** max |a - b| / max |b|; infinite when they are not even as many. */
export function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const apart = a.map((x, i) => Math.abs(x - b[i]));
  return Math.max(...apart) / Math.max(...b.map(Math.abs));
}

/** Of Residua to each peer with as many threads. */
export function ratiosOf(results: readonly ContestantResult[]): Ratio[] {
  return results.flatMap((peer) => {
    const own = results.find(({ contestant, threads }) => contestant === 'residua' && threads === peer.threads);
    if (!own || peer.contestant === 'residua') return [];
    const byTurn = spread(own.turns.map((speed, turn) => speed / peer.turns[turn]));
    const ratio = own.imagesPerSecond.median / peer.imagesPerSecond.median;
    const { min: lowest, max: highest, runs: turns } = byTurn;
    return [{ peer: peer.contestant, threads: peer.threads, ratio, lowest, highest, turns }];
  });
}

async function profileOf({ child, ready }: Contestant): Promise<readonly StepTime[]> {
  const { parts } = await child.ask<'profile'>({ do: 'profile', count: PROFILED_STEPS });
  if (parts) return parts;
  throw new UsageError(`${ready.name} can't say where its time goes`, { hint: 'Leave --profile out.' });
}

async function watchMemory({ child, threads }: Contestant, steps: number, events: ContestEvents): Promise<MemoryWatch> {
  const samples: { step: number; rss: number }[] = [];
  const ends = Array.from({ length: MEMORY_SAMPLES }, (_, i) => Math.round((steps * (i + 1)) / MEMORY_SAMPLES));
  let done = 0;
  for (const step of new Set(ends)) {
    events.progress(`memory: step ${done} of ${steps}`);
    const { rss } = await child.ask<'steps'>({ do: 'steps', count: step - done, warmup: 0 });
    samples.push({ step, rss: rss ?? 0 });
    done = step;
  }
  const settled = samples.find(({ step }) => step >= steps / 10)!;
  return { steps, threads, samples, growthBytes: samples.at(-1)!.rss - settled.rss };
}
