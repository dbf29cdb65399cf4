// Weights that never get where they should: frozen ones that nothing was loaded into, and averages that still hold much of
// the random beginning when the run ends.

import { count, percent } from '../../format.ts';
import { power } from '../power.ts';
import { type Check, listed } from './situation.ts';

/** Of the first weights, what an average may still hold at the end without anyone's minding. */
const TOLERATED_SHARE = 0.01;

export const frozenWeights: Check = ({ config: { freeze, weights } }) => {
  if (freeze.length === 0 || weights !== null) return [];
  return [
    {
      check: 'frozen-random-weights',
      message: `${listed(freeze)}: frozen with the random weights that the run begins with.`,
      reason: 'Layers that know nothing stay so, and those behind them have to make do with noise.',
      advice: 'Name a file of trained weights with --weights, or leave --freeze out.',
    },
  ];
};

export const averagedWeights: Check = ({ config: { ema }, steps }) => {
  const share = ema === null || ema.warmUp ? 0 : power(ema.decay, steps);
  if (ema === null || share <= TOLERATED_SHARE) return [];
  return [
    {
      check: 'average-of-first-weights',
      message: `After ${count(steps)} steps with decay ${ema.decay} the average of the weights still holds ${percent(share, 0)} of the first ones.`,
      reason: 'It is the average that is tested and saved.',
      advice: 'Let its decay warm up, lower it, or train longer.',
    },
  ];
};
