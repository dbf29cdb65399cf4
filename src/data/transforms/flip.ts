// RandomHorizontalFlip and RandomVerticalFlip: with probability p, exchange left and right, or top and bottom. Harmless for
// most photographs; a flip turns many digits and letters into something else.

import { mirror, mirrorRows } from './rectangle.ts';
import { type Transform, wrongArgument } from './transform.ts';

/** @param p the probability of a flip, 0 to 1 */
export function randomHorizontalFlip(p = 0.5): Transform {
  return randomFlip('RandomHorizontalFlip', p, mirror);
}

/** @param p the probability of a flip, 0 to 1 */
export function randomVerticalFlip(p = 0.5): Transform {
  return randomFlip('RandomVerticalFlip', p, mirrorRows);
}

function randomFlip(name: string, p: number, flip: typeof mirror): Transform {
  if (!(p >= 0 && p <= 1)) throw wrongArgument(name, 'p', 'a probability from 0 to 1', p);
  return {
    config: { name, p },
    random: true,
    outputType: (input) => input,
    prepare: () => (input, stream, output) => {
      if (stream.uniform() >= p) return input;
      flip(input, output);
      return output;
    },
  };
}
