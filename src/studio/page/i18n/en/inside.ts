// The Look inside page.

export const inside = {
  title: 'Look inside',
  lead: 'Follow one image through the network, block by block, and over each shortcut.',
};
