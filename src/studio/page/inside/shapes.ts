// Shapes as people read them.

import type { Shape } from '../../../tensor/index.ts';

/** Without the batch: [1, 16, 32, 32] -> '16 × 32 × 32'. */
export function formatShape(shape: Shape): string {
  return shape.slice(1).join(' × ');
}
