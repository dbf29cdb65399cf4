// The cpu device: compiles graphs to WebAssembly that is written for their shapes, and runs it on all threads over one memory.
//
//   graph -> plan (src/compiler) -> steps (lower.ts) -> memory plan -> module (program-writer.ts) -> run
//
// It knows no platform: how helpers are started is handed in (device.node.ts).

import { plan } from '../../compiler/compile.ts';
import { placesOf } from '../../compiler/view.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { findNonFinite } from '../../tensor/finite.ts';
import type { Variable } from '../../tensor/tensor.ts';
import type { Device, Graph, Measured, NonFinite, Program, Values } from '../device.ts';
import { checkWritten } from '../graph.ts';
import { ModuleBuilder } from './assembler.ts';
import { type Examined, examineSteps } from './examine.ts';
import { detectFeatures } from './features.ts';
import { Heap, initialPages, maximumPages } from './heap.ts';
import { lower } from './lower.ts';
import { aligned, type PlannedBuffer, planMemory } from './memory-plan.ts';
import { CpuProgram } from './program.ts';
import {
  type ControlAddresses,
  controlAt,
  controlBytes,
  type Placement,
  scratchBytesOf,
  type WrittenPhase,
  writeFunction,
} from './program-writer.ts';
import type { Buffer, Emitter, Image, Step } from './step.ts';
import { type Exports, ThreadedFunction } from './threaded-function.ts';
import { type StartHelper, ThreadPool } from './threads.ts';
import { routeOf } from './transfer.ts';
import { imageOfVariable, StoredVariables } from './variables.ts';
import { f32x4 } from './wasm.ts';

export interface CpuDeviceOptions {
  /** Threads that run programs, the caller's among them. Results don't depend on it. */
  readonly threads: number;
  /** Never fuses a multiplication and an addition: the same bits on every machine, and slower. */
  readonly strict: boolean;
  readonly startHelper: StartHelper;
  /** Kernels for neighbouring vectors that are computed as one (Features.wideVectors); by default where that is so. */
  readonly wide?: boolean;
  /** Bytes that the machine can give, where that can be known. */
  readonly available?: number;
}

/** @throws ResiduaError where WebAssembly lacks what is needed */
export async function createCpuDevice({
  threads,
  strict,
  startHelper,
  available,
  wide,
}: CpuDeviceOptions): Promise<Device> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UsageError(`the number of threads must be a whole number of at least 1, found ${threads}`);
  }
  const features = detectFeatures();
  if (!features.simd) {
    throw new ResiduaError('this WebAssembly engine has no 128-bit SIMD, which the cpu device is made of', {
      hint: 'Use a current Node or browser, or the reference device.',
    });
  }
  if (threads > 1 && !features.threads) {
    throw new ResiduaError(`${threads} threads need memory that workers may share, which this page or engine refuses`, {
      hint: 'Use one thread, or serve the page with cross-origin isolation.',
    });
  }
  const heap = new Heap(threads > 1, available);
  const pool = await ThreadPool.start(threads, heap.memory, startHelper);
  return new CpuDevice(heap, pool, threads, features.relaxedSimd && !strict, wide ?? features.wideVectors);
}

class CpuDevice implements Device {
  readonly name = 'cpu';
  readonly threads: number;
  readonly vectorBits: 128 | 256;
  readonly #heap: Heap;
  readonly #pool: ThreadPool;
  readonly #fused: boolean;
  readonly #variables: StoredVariables;
  readonly #control: ControlAddresses;
  #functions = 0;
  /** Counts changes of variables. */
  #version = 0;
  #closed = false;

  constructor(heap: Heap, pool: ThreadPool, threads: number, fused: boolean, wide: boolean) {
    this.#heap = heap;
    this.#pool = pool;
    this.threads = threads;
    this.#fused = fused;
    this.vectorBits = wide ? 256 : 128;
    this.#variables = new StoredVariables(heap);
    this.#control = controlAt(heap.allocate(controlBytes(threads), 'the device'));
  }

  async compile(graph: Graph): Promise<Program> {
    this.#assertOpen();
    const laidOut = this.#layOut(graph, (variable) => this.#variables.place(variable));
    const { planned, module, lowered, inputs, outputs, preparation, repeated, offsets } = laidOut;
    const { bytes, scratchBytes, workspaceBytes } = laidOut;
    const start = this.#heap.allocate(workspaceBytes, 'the program');
    const placement: Placement = {
      addressOf: (buffer) => this.#variables.addressOf(buffer) ?? start + offsets.get(buffer)!,
      scratch: start + bytes,
      scratchBytes,
    };
    const { addressOf } = placement;
    const write = (name: string, own: readonly Step[]) =>
      writeFunction(module, name, own, placement, this.threads, this.#control);
    const phases = { prepare: write('prepare', preparation), run: write('run', repeated) };
    const { prepare, run } = await this.#instantiate(module, phases);

    const changes = planned.collected.assignments.length > 0;
    let preparedFor = -1;
    let singly: Examined['steps'] | undefined;
    const prepared = (): undefined | Promise<unknown> => {
      if (preparedFor === this.#version || preparation.length === 0) return undefined;
      preparedFor = this.#version;
      return prepare.run();
    };
    const begin = <T>(repeat: () => T | Promise<T>): T | Promise<T> => {
      this.#assertOpen();
      const preparing = prepared();
      const running = preparing ? preparing.then(repeat) : repeat();
      if (changes) this.#version++;
      return running;
    };
    const repeat = { run: () => run.run(), profile: () => run.profile() };
    return new CpuProgram({
      heap: this.#heap,
      workspaceBytes,
      inputs: inputs.map(({ value, image }) => ({
        input: value.leaf!,
        address: addressOf(image.buffer),
        route: routeOf(placesOf(value.leaf!.shape, planned.layoutOf(value.leaf!)), image.geometry),
      })),
      outputs: outputs.map(({ name, placed: { value, places }, image }) => ({
        name,
        dtype: value.dtype,
        address: addressOf(image.buffer),
        route: routeOf(places, image.geometry),
      })),
      phases: phases.run.map(({ steps: own }) => own),
      pool: this.#pool,
      run: () => begin(repeat.run),
      profile: () => begin(repeat.profile),
      examine: async () => {
        this.#assertOpen();
        const broken = await this.#brokenVariable(planned.collected.variables);
        if (broken) return broken;
        singly ??= await this.#oneByOne(module, [...preparation, ...repeated], placement);
        const { memory } = this.#heap;
        const found = examineSteps({ lowered, steps: singly, memory: memory.buffer, addressOf });
        if (changes) this.#version++;
        return found;
      },
    });
  }

  /** Each step as a function of its own, which this thread does alone. */
  async #oneByOne(module: ModuleBuilder, steps: readonly Step[], placement: Placement): Promise<Examined['steps']> {
    steps.forEach((step, i) => {
      writeFunction(module, `examine.${i}`, [step], placement, 1, this.#control);
    });
    const [, functions] = await this.#compiled(module);
    return steps.map((step, i) => ({ step, run: () => functions[`examine.${i}`](0) }));
  }

  async #brokenVariable(variables: readonly Variable[]): Promise<NonFinite | undefined> {
    for (const variable of variables) {
      const values = await this.read(variable);
      const index = findNonFinite(values);
      if (index >= 0) return { tensor: variable, found: values[index] };
    }
    return undefined;
  }

  measure(graph: Graph): Measured {
    this.#assertOpen();
    const wanted = new Map<Variable, Image>();
    const { workspaceBytes } = this.#layOut(graph, (variable) => {
      const stored = this.#variables.find(variable);
      if (stored) return stored;
      const image = wanted.get(variable) ?? imageOfVariable(variable);
      wanted.set(variable, image);
      return image;
    });
    const variableBytes = [...wanted.values()].reduce((sum, { buffer }) => sum + aligned(buffer.bytes), 0);
    return { workspaceBytes: aligned(workspaceBytes), variableBytes, available: this.#heap.available };
  }

  /** Everything about a program but where it lies. */
  #layOut(graph: Graph, variableImage: (variable: Variable) => Image) {
    const planned = plan(graph);
    const module = new ModuleBuilder();
    const steps: Step[] = [];
    const scratch: PlannedBuffer[] = [];
    const variables = new Set<Buffer>(this.#variables.buffers);
    const lowered = lower(this.#emitter(module, steps, scratch), planned, (variable) => {
      const image = variableImage(variable);
      variables.add(image.buffer);
      return image;
    });
    // Inputs and outputs have memory even where no step reads them.
    const inputs = planned.inputs.map((value) => ({ value, image: lowered.imageOf(value) }));
    const outputs = [...planned.outputs].map(([name, placed]) => ({
      name,
      placed,
      image: lowered.imageOf(placed.value),
    }));
    const [preparation, repeated] = split(steps, variables);
    const { offsets, bytes } = planMemory([...lowered.buffers, ...scratch], preparation, repeated);
    const scratchBytes = aligned(scratchBytesOf(steps));
    const workspaceBytes = bytes + scratchBytes * this.threads;
    const program = { planned, module, lowered, inputs, outputs, preparation, repeated };
    return { ...program, offsets, bytes, scratchBytes, workspaceBytes };
  }

  /** The module's two functions, for all threads to run. */
  async #instantiate(module: ModuleBuilder, phases: Record<'prepare' | 'run', readonly WrittenPhase[]>) {
    const shared = this.threads > 1;
    const [compiled, exports] = await this.#compiled(module);
    const ids = { prepare: ++this.#functions, run: ++this.#functions };
    if (shared) await this.#pool.load(compiled, { [ids.prepare]: 'prepare', [ids.run]: 'run' });
    const threaded = (name: keyof typeof ids) => {
      const names = phases[name].map((phase) => phase.name);
      return new ThreadedFunction({ exports, name, phases: names, pool: this.#pool, id: ids[name] });
    };
    return { prepare: threaded('prepare'), run: threaded('run') };
  }

  async #compiled(module: ModuleBuilder): Promise<[WebAssembly.Module, Exports]> {
    const pages = { initial: initialPages, maximum: maximumPages };
    const compiled = await WebAssembly.compile(module.encode({ pages, shared: this.threads > 1 }));
    const { exports } = await WebAssembly.instantiate(compiled, { env: { memory: this.#heap.memory } });
    return [compiled, exports as Exports];
  }

  #emitter(module: ModuleBuilder, steps: Step[], scratch: PlannedBuffer[]): Emitter {
    const fused = this.#fused;
    return {
      module,
      wide: this.vectorBits === 256,
      madd: (a, b, c) => (fused ? f32x4.relaxedMadd(a, b, c) : f32x4.add(c, f32x4.mul(a, b))),
      nmadd: (a, b, c) => (fused ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b))),
      scratch: (name, bytes) => {
        const buffer = { name, bytes };
        scratch.push(buffer);
        return buffer;
      },
      step: (step) => steps.push(step),
    };
  }

  async read(variable: Variable): Promise<Values> {
    await this.#pool.idle();
    this.#assertOpen();
    return this.#variables.read(variable);
  }

  async write(variable: Variable, values: Values): Promise<void> {
    await this.#pool.idle();
    this.#assertOpen();
    checkWritten(variable, values);
    this.#variables.write(variable, values);
    this.#version++;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#variables.clear();
    await this.#pool.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new ResiduaError('the cpu device is closed');
  }
}

/** Steps that depend on nothing but variables which the program doesn't change, and the others. */
function split(steps: readonly Step[], variables: ReadonlySet<Buffer>): [Step[], Step[]] {
  const written = new Set(steps.flatMap((step) => step.writes));
  const fixed = new Set([...variables].filter((buffer) => !written.has(buffer)));
  const preparation = steps.filter((step) => {
    const isFixed = step.reads.every((buffer) => fixed.has(buffer));
    if (isFixed) for (const buffer of step.writes) fixed.add(buffer);
    return isFixed && step.writes.every((buffer) => !variables.has(buffer));
  });
  const isPreparation = new Set(preparation);
  return [preparation, steps.filter((step) => !isPreparation.has(step))];
}
