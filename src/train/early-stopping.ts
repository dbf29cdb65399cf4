// Early stopping: a training ends when the images held out have not come out better for `patience` epochs, and goes back to
// the weights of its best epoch. Better is a higher accuracy, or the same one with a lower loss. What is measured is never
// the test set: a test set that chose the epoch would say nothing about new images.

import type { Device } from '../devices/device.ts';
import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { Variable } from '../tensor/index.ts';
import type { Validation } from './progress.ts';

export interface BestEpoch extends Validation {
  /** Counts from 1. */
  readonly epoch: number;
}

export interface EarlyStoppingOptions {
  readonly device: Device;
  /** What the validation measures: the trained model, or its moving average. */
  readonly model: Module;
  /** Epochs without a better one after which it is enough, 1 or more. */
  readonly patience: number;
}

export class EarlyStopping {
  readonly patience: number;
  /** The state_dict of the best epoch, by name; it never leaves the host. Of no meaning before there is one. */
  readonly weights: ReadonlyMap<string, Variable>;
  readonly #device: Device;
  readonly #model: Module;

  constructor({ device, model, patience }: EarlyStoppingOptions) {
    if (!Number.isInteger(patience) || patience < 1) {
      throw new UsageError(`the patience must be a whole number of epochs from 1 on, found ${patience}`);
    }
    this.patience = patience;
    const copies = [...model.stateDict()].map(([name, { shape, value, dtype }]) => {
      return [name, new Variable(shape, value, { dtype })] as const;
    });
    this.weights = new Map(copies);
    this.#device = device;
    this.#model = model;
  }

  /** Whether a training that has done so many epochs has waited long enough. */
  isOver(epochs: number, best: BestEpoch | undefined): boolean {
    return best !== undefined && epochs - best.epoch >= this.patience;
  }

  /** Keeps the weights as they are when this epoch is better than the best so far. @returns the best one now */
  async observe(found: BestEpoch, best: BestEpoch | undefined): Promise<BestEpoch> {
    if (best && !isBetter(found, best)) return best;
    for (const [name, variable] of this.#model.stateDict()) {
      this.weights.get(name)!.value = (await this.#device.read(variable)).slice();
    }
    return found;
  }

  /** Gives the model the weights of the best epoch. */
  async restore(): Promise<void> {
    for (const [name, variable] of this.#model.stateDict()) {
      await this.#device.write(variable, this.weights.get(name)!.value);
    }
  }
}

function isBetter(a: Validation, b: Validation): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}
