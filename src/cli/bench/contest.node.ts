// One measurement: contestants, each a process of its own that waits while another one works, take turns on the same
// batches (A B C A B C ...), so that whatever slows the machine down for a while slows all of them.

import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StepTime } from '../../devices/device.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { Child } from './child.node.ts';
import { pytorchProgram } from './peers.node.ts';
import type { BenchPlan, ContestantName, ContestantResult, Measurement, MemoryWatch, Ratio } from './plan.ts';
import type { Mode, PrepareAnswer } from './protocol.ts';
import { medianOf, spread } from './statistics.ts';
import { watchCores } from './watch-cores.node.ts';

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
/**
 * What a contestant does before the timed steps of a turn: its data comes back into the caches, and the operating system
 * spreads its threads over the cores, for which it may take tens of milliseconds.
 */
const TURN_WARMUP = { steps: 2, seconds: 0.15 };
/** Rest before each turn, in milliseconds: some threads go on spinning for a while after their work. */
const REST = 60;
const MEMORY_SAMPLES = 20;
const PROFILED_STEPS = 20;

interface Contestant {
  readonly name: ContestantName;
  readonly threads: number;
  readonly child: Child;
  readonly ready: PrepareAnswer;
  /** Seconds of each step, by turn. */
  readonly turns: (readonly number[])[];
  cpuSeconds: number;
  rss: number | null;
}

/** When the signal is aborted the contestants end, and what was asked of them fails. */
export async function holdContest(
  contest: Contest,
  plan: BenchPlan,
  events: ContestEvents,
  signal: AbortSignal,
): Promise<Measurement> {
  const contestants = new Set<Contestant>();
  try {
    for (const threads of plan.threads) {
      for (const name of namesFor(contest)) {
        events.progress(`${name}, threads ${threads}: getting ready`);
        const contestant = await unlessPeerFails(name, events, () => prepare(name, threads, contest, plan, signal));
        if (contestant) contestants.add(contestant);
      }
    }
    const watch = watchCores();
    for (let turn = 1; turn <= plan.turns; turn++) {
      for (const contestant of contestants) {
        events.progress(`turn ${turn} of ${plan.turns}: ${contestant.ready.name}, threads ${contestant.threads}`);
        const done = await unlessPeerFails(contestant.name, events, () => takeTurn(contestant, plan));
        if (!done) {
          contestants.delete(contestant);
          await contestant.child.close();
        }
      }
    }
    const { mode, batchSize } = contest;
    const disturbance = watch(
      [...contestants].reduce((sum, { ready, cpuSeconds }) => sum + cpuSeconds - ready.cpuSeconds, 0),
    );
    const own = [...contestants].findLast(({ name }) => name === 'residua')!;
    const results = [...contestants].map((contestant) => resultOf(contestant, own, batchSize));
    const profile = plan.profile ? await profileOf(own) : null;
    const memory = plan.memorySteps > 0 ? await watchMemory(own, plan.memorySteps, events) : null;
    return { mode, batchSize, contestants: results, ratios: ratiosOf(results), disturbance, profile, memory };
  } finally {
    await Promise.all([...contestants].map(({ child }) => child.close()));
  }
}

/** undefined for a peer that failed, which is told; Residua's own failure is thrown. */
async function unlessPeerFails<T>(
  name: ContestantName,
  events: ContestEvents,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (name === 'residua' || !(error instanceof ResiduaError)) throw error;
    events.absent(name, error.message);
    return undefined;
  }
}

async function takeTurn(contestant: Contestant, { steps, turns }: BenchPlan): Promise<true> {
  const order = { do: 'steps', count: Math.ceil(steps / turns), warmup: TURN_WARMUP } as const;
  await setTimeout(REST);
  const { seconds, cpuSeconds, rss } = await contestant.child.ask<'steps'>(order);
  contestant.turns.push(seconds);
  contestant.cpuSeconds = cpuSeconds;
  contestant.rss = rss;
  return true;
}

function namesFor({ mode, python, onnx }: Contest): ContestantName[] {
  const names: ContestantName[] = ['residua'];
  if (python !== undefined) names.push('pytorch');
  if (onnx && mode === 'infer') names.push('onnxruntime');
  return names;
}

async function prepare(
  name: ContestantName,
  threads: number,
  { mode, workload, python, onnx }: Contest,
  { warmup, device, strict }: BenchPlan,
  signal: AbortSignal,
): Promise<Contestant> {
  const child =
    name === 'pytorch'
      ? new Child(name, python!, [pytorchProgram], signal)
      : new Child(name, process.execPath, [runnerFile()], signal);
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
      onnx: name === 'onnxruntime' ? onnx : undefined,
    });
    return { name, threads, child, ready, turns: [], cpuSeconds: ready.cpuSeconds, rss: ready.rss.after };
  } catch (error) {
    await child.close();
    throw error;
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

function resultOf(contestant: Contestant, residua: Contestant, batchSize: number): ContestantResult {
  const { name, threads, ready, turns, rss } = contestant;
  const seconds = turns.flat();
  return {
    contestant: name,
    name: ready.name,
    variant: ready.variant ?? null,
    tried: ready.tried ?? [],
    threads,
    imagesPerSecond: spread(seconds.map((s) => batchSize / s)),
    secondsAStep: spread(seconds),
    turns: turns.map((turn) => batchSize / medianOf(turn)),
    vectorBits: ready.vectorBits ?? null,
    compileSeconds: ready.compileSeconds ?? null,
    workspaceBytes: ready.workspaceBytes ?? null,
    rss: { before: ready.rss.before, ready: ready.rss.after, after: rss },
    difference: name === 'residua' ? null : difference(ready.check, residua.ready.check),
  };
}

/** max |a - b| / max |b|; 1 when they are not even as many. */
function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return 1;
  const apart = a.map((x, i) => Math.abs(x - b[i]));
  return Math.max(...apart) / Math.max(...b.map(Math.abs));
}

/** Of Residua to each peer with as many threads. */
function ratiosOf(results: readonly ContestantResult[]): Ratio[] {
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
    const { rss } = await child.ask<'steps'>({ do: 'steps', count: step - done, warmup: { steps: 0, seconds: 0 } });
    samples.push({ step, rss: rss ?? 0 });
    done = step;
  }
  const settled = samples.find(({ step }) => step >= steps / 10)!;
  return { steps, threads, samples, growthBytes: samples.at(-1)!.rss - settled.rss };
}
