// The Runs page.

import type { Strings } from '../strings.ts';

export const runs: Strings['runs'] = {
  title: '运行',
  lead: '在这里训练过的一切：把曲线放在一起，看每个网络错在哪里。',
};
