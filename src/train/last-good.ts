// The last state of a training that is known to be finite, in the host's memory: when a number turns out not to be, the
// training goes back there and looks for the step in which it came up.

import type { Device, Values } from '../devices/device.ts';
import type { Variable } from '../tensor/index.ts';
import { type Trained, variablesOf } from './checkpoint.ts';
import { checkFinite } from './non-finite.ts';
import type { TrainingCounters, TrainingState } from './state.ts';

export class LastGood {
  readonly #device: Device;
  readonly #variables: ReadonlyMap<string, Variable>;
  #values: ReadonlyMap<Variable, Values> = new Map();
  #counters: TrainingCounters | undefined;
  #time = Number.NEGATIVE_INFINITY;

  constructor({ device, ...trained }: Trained) {
    this.#device = device;
    this.#variables = variablesOf(trained);
  }

  /** Where it is; undefined before there is one. */
  get counters(): TrainingCounters | undefined {
    return this.#counters;
  }

  /** Since it was taken. */
  get seconds(): number {
    return (performance.now() - this.#time) / 1000;
  }

  /**
   * Keeps all values and the counters as they are now.
   *
   * @throws NonFiniteError naming the variable that is not finite; what was kept before stays
   */
  async take(state: TrainingState): Promise<void> {
    for (const [name, variable] of this.#variables) checkFinite(name, await this.#device.read(variable), state.step);
    this.adopt(state);
  }

  /** Keeps the host's values, which somebody has just read from the device and found to be finite. */
  adopt(state: TrainingState): void {
    this.#values = new Map([...this.#variables.values()].map((variable) => [variable, variable.value]));
    this.#counters = state.toJSON();
    this.#time = performance.now();
  }

  /** Gives the device the values that were kept. */
  async restore(): Promise<void> {
    for (const [variable, values] of this.#values) await this.#device.write(variable, values);
  }
}
