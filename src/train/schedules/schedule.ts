// A schedule says which learning rate each training step uses: a pure function of the step number, so nothing has to be
// saved or replayed for a resume. Steps are optimizer steps, not epochs.

/** @param step steps done before this one: 0 in the first @returns the learning rate */
export type Schedule = (step: number) => number;
