// What the network's outputs mean.

export const taskNames = ['single-label', 'multi-label'] as const;
export type TaskName = (typeof taskNames)[number];
