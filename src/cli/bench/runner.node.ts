// The process in which Residua, or onnxruntime-node, is measured. It reads orders from stdin and answers on stdout
// (protocol.ts); between them it waits and uses no processor time. It ends when stdin does.

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createDevice } from '../../devices/create-device.node.ts';
import type { StepTime } from '../../devices/device.ts';
import { createOnnxRuntimeJob } from './onnxruntime-job.node.ts';
import type { Answers, Failure, Order, PrepareAnswer, PrepareOrder, StepsAnswer, StepsOrder } from './protocol.ts';
import { createResiduaJob, type Job, type ResiduaJob } from './residua-job.ts';
import { medianOf } from './statistics.ts';
import { readWorkload } from './workload.ts';

let job: Job | ResiduaJob | undefined;
let taken = 0;

/** Of a batch: they come one after the other, over and over. */
const next = ({ batches }: Job): number => taken++ % batches;

async function prepare(order: PrepareOrder): Promise<PrepareAnswer> {
  const before = process.memoryUsage.rss();
  const workload = readWorkload(await readFile(order.workload), order.workload);
  let known: Pick<PrepareAnswer, 'name' | 'vectorBits' | 'compileSeconds' | 'workspaceBytes'>;
  if (order.onnx) {
    const onnxJob = await createOnnxRuntimeJob(order.onnx.module, order.onnx.file, workload, order.threads);
    job = onnxJob;
    known = { name: onnxJob.name };
  } else {
    const device = await createDevice(order.device, { threads: order.threads, strict: order.strict });
    const begin = performance.now();
    const residuaJob = await createResiduaJob(device, workload, order.mode);
    job = residuaJob;
    const compileSeconds = (performance.now() - begin) / 1000;
    const { name, vectorBits } = device;
    known = { name: `Residua, ${name}`, vectorBits, compileSeconds, workspaceBytes: residuaJob.workspaceBytes };
  }
  const check: number[] = [];
  for (let i = 0; i < order.checkSteps; i++) {
    check.push(...Array.from(await job.step(order.mode === 'train' ? 0 : next(job))));
  }
  await timed(job, order.warmup);
  return { ...known, check, cpuSeconds: cpuSeconds(), rss: { before, after: process.memoryUsage.rss() } };
}

async function steps({ warmup, count }: StepsOrder): Promise<StepsAnswer> {
  if (!job) throw new Error('there is nothing to run yet');
  const begin = performance.now();
  for (let i = 0; i < warmup.steps || performance.now() - begin < warmup.seconds * 1000; i++) await job.step(next(job));
  const seconds = await timed(job, count);
  return { seconds, cpuSeconds: cpuSeconds(), rss: process.memoryUsage.rss() };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The median of each part over some steps. */
async function profile({ count }: { count: number }): Promise<Answers['profile']> {
  if (!job || !('profile' in job)) throw new Error('only Residua can be profiled');
  const steps: (readonly StepTime[])[] = [];
  for (let i = 0; i < count; i++) {
    const parts = await job.profile(next(job));
    if (parts === undefined) return { parts: null };
    steps.push(parts);
  }
  return { parts: steps[0].map((part, i) => ({ ...part, seconds: medianOf(steps.map((step) => step[i].seconds)) })) };
}

function answerTo(order: Order) {
  switch (order.do) {
    case 'prepare':
      return prepare(order);
    case 'steps':
      return steps(order);
    case 'profile':
      return profile(order);
  }
}

async function timed(work: Job, count: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await work.step(next(work));
    seconds.push((performance.now() - begin) / 1000);
  }
  return seconds;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer: object;
  try {
    answer = await answerTo(JSON.parse(line));
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) } satisfies Failure;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// The threads of a device keep a process alive.
process.exit();
