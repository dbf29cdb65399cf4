// Schedules as data: what recipes and config.json say about the learning rate, in epochs, so that it stays true when the
// batch size or the number of images changes.

interface WarmUp {
  /** Epochs (or a part of one) over which the rate rises linearly before the schedule begins; 0 by default. */
  readonly warmUpEpochs?: number;
}

export type ScheduleConfig = WarmUp &
  (
    | { readonly name: 'constant' }
    /** Multiplies the rate by `gamma` (0.1 by default) every `everyEpochs` epochs. */
    | { readonly name: 'step'; readonly everyEpochs: number; readonly gamma?: number }
    /** Falls along half a cosine to `finalScale` (0 by default) of the rate in the last step. */
    | { readonly name: 'cosine'; readonly finalScale?: number }
    /** Rises from 1 / `divFactor` of the rate for `pctStart` of all steps, then falls to almost nothing. */
    | {
        readonly name: 'one-cycle';
        /** Share of the steps in which the rate rises; 0.3 by default. */
        readonly pctStart?: number;
        /** The first rate is the largest over this; 25 by default. */
        readonly divFactor?: number;
        /** The last rate is the first over this; 10,000 by default. */
        readonly finalDivFactor?: number;
      }
  );

export const scheduleNames = ['constant', 'step', 'cosine', 'one-cycle'] as const;
export type ScheduleName = (typeof scheduleNames)[number];
