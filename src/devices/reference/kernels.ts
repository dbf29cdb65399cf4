// The kernel of every operation, by the operation's name. An operation that is missing here can't run on the reference
// device, so this table is also the list of all operations.

import { resizeChannels } from './channels.ts';
import * as convolution from './convolution.ts';
import { dropoutMask } from './dropout.ts';
import * as elementwise from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import * as loss from './loss.ts';
import { matmul } from './matmul.ts';
import * as pooling from './pooling.ts';
import * as reduction from './reduction.ts';

export const kernels: Readonly<Record<string, Kernel>> = {
  ...elementwise,
  ...reduction,
  ...convolution,
  ...pooling,
  ...loss,
  matmul,
  resizeChannels,
  dropoutMask,
};
