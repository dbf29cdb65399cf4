// The Compare page.

export const compare = {
  title: 'Compare',
  lead: 'The same layers with shortcuts and without: measure what they change as networks grow deeper.',
};
