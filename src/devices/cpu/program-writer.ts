// Writes the functions that all threads run: the steps of a program, one after another. Each thread has its own range of a
// step's units, of which it takes chunks; when none are left it helps with the other threads' ranges, then all wait for each
// other. So a thread finds in its own cache what it wrote in the step before, and nobody waits for a thread that is held up.
// Which thread does a unit is chance, what it computes is not.
//
//   run(thread):  for each phase {
//                   for each range, one's own first { while ((from = next[range] += chunk) < end) kernel(..., from, from + chunk) }
//                   barrier
//                 }
//
// `prepare` is like `run`, for the steps that depend on nothing but variables: they need not be done again until one changes.
//
// A thread that waits first spins, for the others are usually done within microseconds; then it sleeps. Helpers sleep for as
// long as it takes. The first thread gives up after a second, for a helper may have died, and the caller has to look around
// to find out. So each function says how far it has come (threaded-function.ts goes on from there):
//
//   run(0) -> 0        all threads are done
//          -> n > 0    this thread has done n phases, others are still at the last of them: wait() for these, then do the rest

import { type FunctionBuilder, invoke, type Local, type ModuleBuilder } from './assembler.ts';
import type { Argument, Buffer, Pointer, Step, ThreadScratch } from './step.ts';
import { atomic, type Code, drop, i32, i64, select, type } from './wasm.ts';

/** Where the threads' common words lie; each in a cache line of its own. */
export interface ControlAddresses {
  readonly arrived: number;
  /** Counts phases: threads wait for it to change. */
  readonly generation: number;
  readonly sleeping: number;
  /** The generation whose end the first thread gave up waiting for. */
  readonly awaited: number;
  /** Of the first thread's range: units handed out in this phase. The other ranges' words follow. */
  readonly next: number;
}

const wordBytes = 64;

export const controlBytes = (threads: number): number => (4 + threads) * wordBytes;

export function controlAt(address: number): ControlAddresses {
  const [arrived, generation, sleeping, awaited, next] = [0, 1, 2, 3, 4].map((word) => address + word * wordBytes);
  return { arrived, generation, sleeping, awaited, next };
}

export interface Placement {
  addressOf(buffer: Buffer): number;
  /** Of the first thread; the others' follow. */
  readonly scratch: number;
  /** Bytes of one thread. */
  readonly scratchBytes: number;
}

const spins = 20_000;

/** Nanoseconds that the first thread sleeps before it gives up. */
const patience = i64.const(1e9);
const forever = i64.const(-1);

const isScratch = (argument: Argument): argument is ThreadScratch =>
  typeof argument === 'object' && 'threadBytes' in argument;
const isPointer = (argument: Argument): argument is Pointer => typeof argument === 'object' && 'offset' in argument;

export const argumentsOf = (step: Step): readonly Argument[] => step.arguments ?? [...step.reads, ...step.writes];

/** The most that a step wants of its thread's memory. */
export function scratchBytesOf(steps: readonly Step[]): number {
  return Math.max(
    0,
    ...steps.flatMap((step) =>
      argumentsOf(step)
        .filter(isScratch)
        .map(({ threadBytes }) => threadBytes),
    ),
  );
}

/** A phase's function, with the steps it does. */
export interface WrittenPhase {
  readonly steps: readonly Step[];
  readonly name: string;
}

/** Exports `NAME(thread)`, each phase of it, and `wait()` where there are others to wait for. */
export function writeFunction(
  module: ModuleBuilder,
  name: string,
  steps: readonly Step[],
  placement: Placement,
  threads: number,
  control: ControlAddresses,
): WrittenPhase[] {
  let backwards = true;
  const phases = phasesOf(steps).map((phase, i) => {
    // Steps of one unit, such as channels' means, hardly touch the cache.
    if (phase[0].units > 1) backwards = !backwards;
    const share = { units: phase[0].units, threads, next: control.next, backwards };
    const write = (f: FunctionBuilder, thread: Local): void => {
      const phaseArguments = valuesOf(f, thread, phase, placement);
      const call = (from: Code, to: Code): void => {
        phase.forEach((step, k) => {
          f.call(step.kernel, ...phaseArguments[k], from, to);
        });
      };
      if (threads === 1) call(i32.const(0), i32.const(share.units));
      else shareOut(f, { ...share, thread }, call);
      f.emit(threads === 1 ? i32.const(0) : invoke(barrierOf(module, threads, control), thread));
    };
    const builder = module.function(`${name}.${i}`, [type.i32], write, type.i32);
    module.export(builder.name, builder);
    return { steps: phase, builder };
  });
  const write = (f: FunctionBuilder, thread: Local): void => {
    phases.forEach(({ builder }, i) => {
      f.if(invoke(builder, thread), () => f.return(i32.const(i + 1)));
    });
    f.emit(i32.const(0));
  };
  module.export(name, module.function(name, [type.i32], write, type.i32));
  if (threads > 1) module.export('wait', waitOf(module, control));
  return phases.map(({ steps: own, builder }) => ({ steps: own, name: builder.name }));
}

/** Of each step of a phase, all but the range. */
function valuesOf(f: FunctionBuilder, thread: Local, phase: readonly Step[], placement: Placement): Code[][] {
  let scratch: Local | undefined;
  return phase.map((step) =>
    argumentsOf(step).map((argument) => {
      if (typeof argument === 'number') return i32.const(argument);
      if (isScratch(argument)) {
        scratch ??= f.let(i32.add(i32.mul(thread, placement.scratchBytes), placement.scratch));
        return scratch;
      }
      if (isPointer(argument)) return i32.const(placement.addressOf(argument.buffer) + argument.offset);
      return i32.const(placement.addressOf(argument));
    }),
  );
}

/** Steps of one unit in a row are done by one thread, without a barrier between them. */
export function phasesOf(steps: readonly Step[]): Step[][] {
  const phases: Step[][] = [];
  for (const step of steps) {
    const last = phases.at(-1);
    if (step.units === 1 && last && last[0].units === 1) last.push(step);
    else phases.push([step]);
  }
  return phases;
}

interface Share {
  readonly units: number;
  readonly threads: number;
  readonly thread: Local;
  readonly next: number;
  /** Whether ranges are gone through from their ends: what the phase before wrote last is still in the cache. */
  readonly backwards: boolean;
}

function shareOut(
  f: FunctionBuilder,
  { units, threads, thread, next, backwards }: Share,
  call: (from: Code, to: Code) => void,
): void {
  const chunk = Math.max(1, Math.floor(units / (threads * 16)));
  const [begin, end, counter, taken, left] = f.locals(5, type.i32);
  const range = f.let(thread);
  const bound = (index: Code): Code => i32.divU(i32.add(i32.mul(index, units), threads - 1), threads);
  f.repeat(threads, () => {
    f.set(begin, bound(range));
    f.set(end, bound(i32.add(range, 1)));
    f.set(counter, i32.add(i32.mul(range, wordBytes), next));
    f.block(() => {
      f.doWhile(
        () => {
          f.set(taken, atomic.add(counter, i32.const(chunk)));
          f.set(left, i32.sub(i32.sub(end, begin), taken));
          f.branchIf(i32.ltS(left, 1), 1);
          f.set(left, select(i32.gtS(left, chunk), i32.const(chunk), left));
          const from = f.let(backwards ? i32.sub(i32.sub(end, taken), left) : i32.add(begin, taken));
          call(from, i32.add(from, left));
        },
        () => i32.const(1),
      );
    });
    f.set(range, i32.remU(i32.add(range, 1), threads));
  });
}

/** barrier(thread) -> 0 when all have come, 1 when the first thread has given up. */
function barrierOf(module: ModuleBuilder, threads: number, control: ControlAddresses): FunctionBuilder {
  const words = [control.arrived, control.generation, control.sleeping, control.awaited];
  const [arrived, generation, sleeping, awaited] = words.map(i32.const);
  const write = (f: FunctionBuilder, thread: Local): void => {
    const seen = f.let(atomic.load(generation));
    const gaveUp = f.local();
    const isLast = i32.eq(atomic.add(arrived, i32.const(1)), threads - 1);
    f.if(
      isLast,
      () => {
        f.emit(atomic.store(arrived, i32.const(0)));
        for (let range = 0; range < threads; range++) {
          f.emit(atomic.store(i32.const(control.next + range * wordBytes), i32.const(0)));
        }
        f.emit(atomic.store(generation, i32.add(seen, 1)));
        f.if(atomic.load(sleeping), () => f.emit(drop(atomic.notify(generation, i32.const(threads)))));
      },
      () => {
        const left = f.let(i32.const(spins));
        const unchanged = (): Code => i32.eq(atomic.load(generation), seen);
        f.doWhile(
          () => f.set(left, i32.sub(left, 1)),
          () => i32.and(unchanged(), i32.ne(left, 0)),
        );
        f.if(unchanged(), () => {
          f.set(gaveUp, invoke(sleepOf(module, control), seen, select(thread, forever, patience)));
          f.if(gaveUp, () => f.emit(atomic.store(awaited, seen)));
        });
      },
    );
    f.emit(gaveUp);
  };
  return module.once('barrier', [], 1, write, type.i32);
}

/** wait() -> 0 when all have come to where the first thread gave up, 1 when it has given up again. */
function waitOf(module: ModuleBuilder, control: ControlAddresses): FunctionBuilder {
  const write = (f: FunctionBuilder): void => {
    f.emit(invoke(sleepOf(module, control), atomic.load(i32.const(control.awaited)), patience));
  };
  return module.once('wait', [], [], write, type.i32);
}

/** sleep(seen, nanoseconds) -> 0 when the generation is no longer the one that was seen, 1 when the time is over. */
function sleepOf(module: ModuleBuilder, control: ControlAddresses): FunctionBuilder {
  const [generation, sleeping] = [control.generation, control.sleeping].map(i32.const);
  const write = (f: FunctionBuilder, seen: Local, nanoseconds: Local): void => {
    const unchanged = (): Code => i32.eq(atomic.load(generation), seen);
    const [outcome, timedOut] = [f.local(), 2];
    f.emit(drop(atomic.add(sleeping, i32.const(1))));
    f.doWhile(
      () => f.set(outcome, atomic.wait(generation, seen, nanoseconds)),
      () => i32.and(unchanged(), i32.ne(outcome, timedOut)),
    );
    f.emit(drop(atomic.add(sleeping, i32.const(-1))));
    f.emit(unchanged());
  };
  return module.once('sleep', [], [type.i32, type.i64], write, type.i32);
}
