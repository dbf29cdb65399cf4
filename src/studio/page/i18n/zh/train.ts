// The Train page.

import type { Strings } from '../strings.ts';

export const train: Strings['train'] = {
  title: '训练',
  lead: '选好数据和网络，开始，看它学习。',
};
