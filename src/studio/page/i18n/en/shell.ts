// The frame around all pages, and words that several of them use.

export const shell = {
  skip: 'Skip to the page',
  navigation: 'Pages',
  pages: { train: 'Train', draw: 'Draw', inside: 'Look inside', compare: 'Compare', runs: 'Runs' },
  theme: (theme: string) => `Colours: ${theme}`,
  themes: { system: 'as the system', light: 'light', dark: 'dark' },
  run: 'Run',
  loading: 'Loading …',
  failed: 'That did not work.',
  tryAgain: 'Try again',
  cancel: 'Cancel',
  close: 'Close',
  noRuns: 'Nothing is trained yet',
  noRunsText:
    'A first network for handwritten digits takes a minute or two on this machine. It will be here as soon as it has weights.',
  trainOne: 'Train a network',
  unfinished: 'still training',
  noServer: 'The studio on this machine does not answer. Start `residua studio` in a terminal; this page will find it.',
  offline: 'The studio on this machine does not answer any more. What is shown may be old.',
  notYet: 'The first network is still learning',
  notYetText: 'It can be used when its training has ended, or is paused.',
  watch: 'Watch it train',
};
