// What a comparison is and what it came to, as comparison.json holds it.

import type { NormsPoint } from '../progress.ts';
import type { RunConfig } from '../run/config.ts';
import type { Claim } from './claim-texts.ts';
import type { Grid, Variant } from './networks.ts';

/** comparison.json: written at the beginning, and anew whenever a network is done. */
export interface Comparison {
  /** stopped: interrupted, or killed; it can be gone on with. */
  readonly status: 'stopped' | 'finished';
  /** Which networks. */
  readonly grid: Grid;
  /** What all runs share; `model` and `modelOptions` are the networks' own. */
  readonly config: RunConfig;
  readonly classes: number;
  /** Images trained on (an epoch) and tested on. */
  readonly trainImages: number;
  readonly testImages: number;
  /** In the order in which they are trained. */
  readonly networks: readonly ComparedNetwork[];
  /** What is said of such networks, and what was measured; of the networks that are done. */
  readonly claims: readonly Claim[];
}

export interface ComparedNetwork extends Variant {
  /** 'plainnet20-relu-bn'; the run's folder, within the comparison's, is called the same. */
  readonly id: string;
  /** 'plainnet20' */
  readonly name: string;
  readonly parameters: number;
  /** Of one forward pass of one image. */
  readonly multiplyAdds: number;
  /** diverged: the training came to NaN or infinity; `problem` says where. */
  readonly state: 'waiting' | 'trained' | 'diverged';
  readonly problem: string | null;
  /** On the test set, once, at the end; null unless it is trained. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** Over the last epoch, of images as training sees them; null before the first epoch is done. */
  readonly trainingLoss: number | null;
  readonly trainingAccuracy: number | null;
  /** The log's points. */
  readonly curve: readonly CurvePoint[];
  /** Of the first weights, and of the last ones. */
  readonly norms: { readonly first: NormsPoint | null; readonly last: NormsPoint | null };
  /** Of the run as a whole. */
  readonly seconds: number | null;
}

export interface CurvePoint {
  /** Epochs done: 0.5 is in the middle of the first. */
  readonly epoch: number;
  /** Over the images since the point before. */
  readonly loss: number;
  readonly accuracy: number;
}

/** Of the gradient of a network's first convolution to that of its last one: how much gets through all layers between. */
export function gradientRatio(norms: NormsPoint | null): number | null {
  if (norms === null) return null;
  // The last layer is the linear one.
  const [first, last] = [norms.gradients[0], norms.gradients[norms.gradients.length - 2]];
  return last > 0 && Number.isFinite(first / last) ? first / last : null;
}

/** Two digits: 35, 1.2, 0.012, 1.4e-9. */
export function ratioText(value: number): string {
  return value < 0.001 || value >= 10_000 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
}
