// A checkpoint: one safetensors file with everything that a training needs to go on to the same bits.
//
//   model.<name>         weights, running statistics, dropout's counters
//   optimizer.<i>.<name> the optimizer's memory of parameter number i
//   ema.<name>           the moving average of weights and running statistics
//   best.<name>          the weights of the best epoch, with early stopping and once there is one
//   metadata.training    TrainingCounters as JSON; whoever saves may add other texts
//   metadata.sha256      of the whole file (checksum.ts)
//
// Sums of gradients are not in it: it is made between steps, where they are 0. Nor is a generator of random numbers: all
// of them are functions of the seed and the counters.

import type { Device, Values } from '../devices/device.ts';
import { ResiduaError } from '../errors.ts';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../formats/safetensors.ts';
import type { Module } from '../nn/index.ts';
import type { Variable } from '../tensor/index.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { checkSeal, checksumPlace, seal } from './checksum.ts';
import type { EarlyStopping } from './early-stopping.ts';
import type { ModelEma } from './ema.ts';
import { checkFinite } from './non-finite.ts';
import type { Optimizer } from './optimizers/index.ts';
import { parseCounters, type TrainingCounters, TrainingState } from './state.ts';

export interface Trained {
  readonly device: Device;
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly ema?: ModelEma;
  readonly earlyStopping?: EarlyStopping;
}

const COUNTERS = 'training';

/**
 * @param metadata other texts to keep in it
 * @throws NonFiniteError when a number in it is NaN or infinite
 */
export async function saveCheckpoint(
  { device, ...trained }: Trained,
  state: TrainingState,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, variable] of variablesOf(trained))
    tensors.set(name, toSafeTensor(variable, await device.read(variable)));
  for (const [name, variable] of bestOf(trained, state)) tensors.set(name, toSafeTensor(variable, variable.value));
  for (const [name, { data }] of tensors) checkFinite(name, data as Values, state.step);
  const texts = [...Object.entries({ ...metadata, [COUNTERS]: JSON.stringify(state) }), checksumPlace];
  const file = writeSafetensors(tensors, texts);
  await seal(file);
  return file;
}

/** What a file holds, found to be whole. */
export interface Checkpoint {
  readonly source: string;
  readonly state: TrainingState;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/**
 * @param source how to call the file in errors
 * @throws ResiduaError when it is damaged or no checkpoint
 */
export async function readCheckpoint(bytes: Uint8Array, source: string): Promise<Checkpoint> {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const counters = metadata.get(COUNTERS);
  if (counters === undefined) {
    throw new ResiduaError(`${source} is no checkpoint: it has no '${COUNTERS}' in its metadata`, {
      hint: 'Weights alone can be evaluated, but a training cannot go on from them.',
    });
  }
  const seal = await checkSeal(bytes);
  if (seal !== 'intact') {
    const found = seal === 'damaged' ? 'its checksum is wrong' : 'it has no checksum';
    throw new ResiduaError(`${source} is damaged: ${found}`, { hint: 'Go on from another checkpoint.' });
  }
  return { source, state: new TrainingState(countersOf(counters, source)), tensors };
}

function countersOf(text: string, source: string): TrainingCounters {
  try {
    return parseCounters(text);
  } catch (error) {
    if (!(error instanceof ResiduaError)) throw error;
    throw new ResiduaError(`${source} is damaged: ${error.message}`, { hint: 'Go on from another checkpoint.' });
  }
}

/**
 * Sets the model and the optimizer to what they were. Nothing is changed when the checkpoint does not fit them.
 *
 * @returns where the training goes on
 */
export async function restoreCheckpoint(
  { source, state, tensors }: Checkpoint,
  { device, ...trained }: Trained,
): Promise<TrainingState> {
  const variables = variablesOf(trained);
  const best = bestOf(trained, state);
  for (const name of tensors.keys())
    if (!variables.has(name) && !best.has(name)) throw mismatch(source, `it has ${name}, the run has not`);
  const storedValue = (name: string, variable: Variable): Values => {
    const tensor = tensors.get(name);
    if (!tensor) throw mismatch(source, `it has no ${name}`);
    const wanted = variable.dtype === 'int32' ? Int32Array : Float32Array;
    if (!sameShape(tensor.shape, variable.shape) || !(tensor.data instanceof wanted)) {
      const found = `${tensor.dtype} ${formatShape(tensor.shape)}`;
      throw mismatch(source, `${name} is ${found}, the run has ${variable.dtype} ${formatShape(variable.shape)}`);
    }
    return tensor.data;
  };
  const values = [...variables].map(([name, variable]) => [variable, storedValue(name, variable)] as const);
  const bestValues = [...best].map(([name, variable]) => [variable, storedValue(name, variable)] as const);
  for (const [variable, data] of values) await device.write(variable, data);
  for (const [variable, data] of bestValues) variable.value = data;
  return state;
}

/** What lives on the device. */
export function variablesOf({ model, optimizer, ema }: Omit<Trained, 'device'>): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const [name, variable] of model.namedState()) variables.set(`model.${name}`, variable);
  for (const [name, variable] of optimizer.state()) variables.set(`optimizer.${name}`, variable);
  for (const [name, variable] of ema?.model.stateDict() ?? []) variables.set(`ema.${name}`, variable);
  return variables;
}

/** What is kept on the host. */
function bestOf({ earlyStopping }: Omit<Trained, 'device'>, { best }: TrainingState): Map<string, Variable> {
  if (!earlyStopping || !best) return new Map();
  return new Map([...earlyStopping.weights].map(([name, variable]) => [`best.${name}`, variable]));
}

function toSafeTensor({ shape }: Variable, data: Values): SafeTensor {
  return data instanceof Int32Array ? { dtype: 'I32', shape, data } : { dtype: 'F32', shape, data };
}

function mismatch(source: string, what: string): ResiduaError {
  return new ResiduaError(`${source} does not belong to this run: ${what}`, {
    hint: 'Resume with the model and the optimizer of the run that wrote it.',
  });
}
