// Where did NaN or infinity come from? Nothing is computed for this while a training goes well; its loss shows that something
// is wrong, perhaps a step too late. Since training is deterministic, the answer can be had afterwards:
//
//   last good state -> step, look at all variables -> step, look -> ... -> the first step that ends with a bad number
//   the state before that step -> the step again, operation by operation -> the first bad number
//
// So it costs as much time as there was between the last good state and the end, and while it lasts, three copies of all
// variables in the host's memory.

import type { BatchLoader } from '../data/index.ts';
import type { Variable } from '../tensor/index.ts';
import { batchesOf } from './batches.ts';
import type { Trained } from './checkpoint.ts';
import { LastGood } from './last-good.ts';
import { type FirstNonFinite, NonFiniteError } from './non-finite.ts';
import { originOf } from './origin.ts';
import type { Schedule } from './schedules/index.ts';
import { TrainingState } from './state.ts';
import type { Step, StepPlace } from './step.ts';

export interface Replayed {
  readonly trained: Trained;
  readonly step: Step;
  readonly loader: BatchLoader;
  readonly accumulate: number;
  readonly schedule: Schedule;
  readonly lastGood: LastGood;
  /** The last step that was begun, counted from 1. */
  readonly until: number;
  /** Ends the search without a result. */
  readonly signal?: AbortSignal;
}

/**
 * Leaves the device's variables anywhere between the last good state and the bad one.
 *
 * @returns undefined where the device can't tell, or all stayed finite this time
 */
export async function findFirstNonFinite(replayed: Replayed): Promise<FirstNonFinite | undefined> {
  const { trained, step, loader, accumulate, schedule, lastGood, until, signal } = replayed;
  await lastGood.restore();
  await step.reset();
  const state = new TrainingState(lastGood.counters);
  const before = new LastGood(trained);
  await before.take(state);
  while (state.step < until) {
    const place = { epoch: state.epoch, step: state.batch, accumulate };
    for await (const { batch, share, last } of batchesOf(loader, place)) {
      if (signal?.aborted || state.step >= until) return undefined;
      const number = state.step + 1;
      const { loss } = await step.run(batch, { step: number, learningRate: schedule(number - 1), share, last });
      const good = Number.isFinite(loss) && (!last || (await isGood(before, state, number)));
      if (!good) {
        await before.restore();
        await step.reset();
        return examineStep(replayed, state);
      }
      if (last) state.batch++;
    }
    state.epoch++;
    state.batch = 0;
  }
  return undefined;
}

/** Whether the state after step `number` is finite; if so, it is kept. */
async function isGood(before: LastGood, state: TrainingState, number: number): Promise<boolean> {
  try {
    state.step = number;
    await before.take(state);
    return true;
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    state.step = number - 1;
    return false;
  }
}

/** @param state before the step */
async function examineStep(
  { trained, step, loader, accumulate, schedule }: Replayed,
  state: TrainingState,
): Promise<FirstNonFinite | undefined> {
  const number = state.step + 1;
  for await (const { batch, share, last } of batchesOf(loader, { epoch: state.epoch, step: state.batch, accumulate })) {
    const place: StepPlace = { step: number, learningRate: schedule(number - 1), share, last };
    const examined = await step.examine(batch, place);
    if (examined) {
      const { tensor, found, graph } = examined;
      const origin = originOf(tensor, graph, namesOf(trained));
      const size = batch.images.length / batch.size;
      const at = origin.name === 'images' ? batch.images.findIndex((x) => !Number.isFinite(x)) : -1;
      const image = at < 0 ? null : batch.indices[Math.floor(at / size)];
      return { ...origin, found, step: number, epoch: state.epoch + 1, image };
    }
    if (last) return undefined;
  }
  return undefined;
}

/** Names of variables for their owner: state_dict's, and whose memory it is. */
function namesOf({ model, optimizer, ema }: Trained): (variable: Variable) => string {
  const names = new Map<Variable, string>([...model.namedState()].map(([name, variable]) => [variable, name]));
  for (const [key, variable] of optimizer.state()) {
    const [index, ...rest] = key.split('.');
    names.set(variable, `${names.get(optimizer.parameters[Number(index)])} (${rest.join('.')})`);
  }
  for (const [name, variable] of ema?.model.stateDict() ?? []) names.set(variable, `${name} (average)`);
  return (variable) => names.get(variable) ?? 'the sum of gradients';
}
