// Which images go into a static build. By itself, so that the command line can name them without loading the studio.

export const dataChoices = ['all', 'test', 'none'] as const;
export type DataChoice = (typeof dataChoices)[number];
