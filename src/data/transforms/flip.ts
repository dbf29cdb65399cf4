// RandomHorizontalFlip: exchanges left and right with probability p. Harmless for photographs; it turns many digits and
// letters into something else.

import { mirror } from './rectangle.ts';
import { type Transform, wrongArgument } from './transform.ts';

/** @param p the probability of a flip, 0 to 1 */
export function randomHorizontalFlip(p = 0.5): Transform {
  if (!(p >= 0 && p <= 1)) throw wrongArgument('RandomHorizontalFlip', 'p', 'a probability from 0 to 1', p);
  return {
    config: { name: 'RandomHorizontalFlip', p },
    outputType: (input) => input,
    prepare: () => (input, stream, output) => {
      if (stream.uniform() >= p) return input;
      mirror(input, output);
      return output;
    },
  };
}
