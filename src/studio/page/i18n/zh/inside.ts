// The Look inside page.

import type { Strings } from '../strings.ts';

export const inside: Strings['inside'] = {
  title: '看内部',
  lead: '跟着一张图像走过网络：一块一块地看，也看每一条捷径。',
};
