// The Train page.

export const train = {
  title: 'Train',
  lead: 'Choose data and a network, start, and watch it learn.',
};
