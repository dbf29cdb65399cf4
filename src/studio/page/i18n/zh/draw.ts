// The Draw page.

import type { Strings } from '../strings.ts';

export const draw: Strings['draw'] = {
  title: '手写',
  lead: '写一个数字。网络边看边答，并指出它看的是哪里。',
};
