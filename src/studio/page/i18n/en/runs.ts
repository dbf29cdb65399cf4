// The Runs page.

export const runs = {
  title: 'Runs',
  lead: 'Everything that was trained here: curves beside each other, and where each network goes wrong.',
};
