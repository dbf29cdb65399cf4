// The Draw page.

export const draw = {
  title: 'Draw',
  lead: 'Write a digit. The network answers as you write, and shows what it looked at.',
};
