// The Compare page.

import type { Strings } from '../strings.ts';

export const compare: Strings['compare'] = {
  title: '对比',
  lead: '同样的层，有捷径与没有捷径：网络越来越深时，测一测差别有多大。',
};
