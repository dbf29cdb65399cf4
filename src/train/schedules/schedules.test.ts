// Schedules against the learning rates that PyTorch 1.13's schedulers give, one step after the other.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../../test/compare.ts';
import {
  constantLR,
  cosineAnnealingLR,
  createSchedule,
  linearWarmUp,
  multiStepLR,
  oneCycleLR,
  type Schedule,
  type ScheduleConfig,
  stepLR,
} from './index.ts';

const rates = (schedule: Schedule, steps: number) => Array.from({ length: steps }, (_, step) => schedule(step));

interface Case {
  /** The PyTorch scheduler, of an optimizer with lr = 0.1 unless max_lr is given. */
  readonly torch: string;
  readonly schedule: Schedule;
  readonly expected: readonly number[];
}

const cases: readonly Case[] = [
  {
    torch: 'StepLR(step_size=3, gamma=0.1)',
    schedule: stepLR({ learningRate: 0.1, stepSize: 3 }),
    expected: [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001, 0.0001],
  },
  {
    torch: 'MultiStepLR([3, 5], gamma=0.1)',
    schedule: multiStepLR({ learningRate: 0.1, milestones: [3, 5] }),
    expected: [0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.001],
  },
  {
    torch: 'CosineAnnealingLR(T_max=8, eta_min=0.01)',
    schedule: cosineAnnealingLR({ learningRate: 0.1, steps: 8, minimum: 0.01 }),
    expected: [
      0.1, 0.0965745789630079, 0.08681980515339463, 0.07222075445642905, 0.055, 0.03777924554357096,
      0.023180194846605363, 0.013425421036992097,
    ],
  },
  {
    torch: 'OneCycleLR(max_lr=0.01, total_steps=10)',
    schedule: oneCycleLR({ maxLearningRate: 0.01, steps: 10 }),
    expected: [
      0.0004, 0.0052, 0.01, 0.009504846320134737, 0.008117456539497631, 0.0061126202193628925, 0.003887419780637108,
      0.00188258346050237, 0.0004951936798652628, 4e-8,
    ],
  },
  {
    torch: 'OneCycleLR(max_lr=0.5, total_steps=7, pct_start=0.4, div_factor=10, final_div_factor=100)',
    schedule: oneCycleLR({ maxLearningRate: 0.5, steps: 7, pctStart: 0.4, divFactor: 10, finalDivFactor: 100 }),
    expected: [
      0.05, 0.31407083997505925, 0.49721049884972585, 0.4059665780142187, 0.23158615912679054, 0.06717029501050087,
      0.0005,
    ],
  },
  {
    torch: 'OneCycleLR(max_lr=0.01, total_steps=3), whose maximum lies before the first step',
    schedule: oneCycleLR({ maxLearningRate: 0.01, steps: 3 }),
    expected: [0.009944154354509118, 0.00462637102666975, 4e-8],
  },
  {
    torch: 'SequentialLR([LinearLR(start_factor=0.25, total_iters=3), CosineAnnealingLR(T_max=5)], [3])',
    schedule: linearWarmUp(cosineAnnealingLR({ learningRate: 0.1, steps: 5 }), { steps: 3, startFactor: 0.25 }),
    expected: [
      0.025, 0.05, 0.075, 0.1, 0.09045084971874738, 0.06545084971874737, 0.03454915028125263, 0.009549150281252633,
    ],
  },
];

it.each(cases)('$torch', ({ schedule, expected }) => {
  expect(relativeError(rates(schedule, expected.length), expected)).toBeLessThan(1e-14);
});

describe('a schedule', () => {
  it('that is constant stays what it is', () => {
    expect(rates(constantLR(0.3), 3)).toEqual([0.3, 0.3, 0.3]);
  });

  it('keeps its last rate beyond its end', () => {
    expect(cosineAnnealingLR({ learningRate: 1, steps: 4, minimum: 0.1 })(9)).toBe(0.1);
    expect(oneCycleLR({ maxLearningRate: 1, steps: 4, divFactor: 10, finalDivFactor: 10 })(9)).toBeCloseTo(0.01, 15);
  });

  it('warms up in equal rises when nothing else is said', () => {
    const [a, b, c, d] = rates(linearWarmUp(constantLR(1), { steps: 3 }), 4);
    expect([b - a, c - b, d - c]).toEqual([a, a, a]);
    expect(d).toBe(1);
  });

  it('refuses lengths and factors that cannot be', () => {
    expect(() => stepLR({ learningRate: 1, stepSize: 0 })).toThrow('stepSize must be at least 1 step, found 0');
    expect(() => cosineAnnealingLR({ learningRate: 1, steps: Number.NaN })).toThrow('steps must be at least 1');
    expect(() => oneCycleLR({ maxLearningRate: 1, steps: 9, pctStart: 1.1 })).toThrow('pctStart 1.1 is not in [0, 1]');
    expect(() => linearWarmUp(constantLR(1), { steps: 2.5 })).toThrow('integer of at least 0, found 2.5');
  });
});

describe('a schedule from data', () => {
  const length = { epochs: 4, stepsPerEpoch: 10 };

  it('counts in epochs', () => {
    const schedule = createSchedule({ name: 'step', everyEpochs: 1.5, gamma: 0.5, warmUpEpochs: 0.2 }, 8, length);
    expect(schedule(1)).toBeLessThan(8);
    expect([2, 16, 17, 31, 32].map(schedule)).toEqual([8, 8, 4, 4, 2]);
  });

  it('ends with the training', () => {
    const cosine = createSchedule({ name: 'cosine', finalScale: 0.25, warmUpEpochs: 1 }, 8, length);
    expect(cosine(10)).toBe(8);
    expect(cosine(40)).toBe(2);
    const oneCycle = createSchedule({ name: 'one-cycle', divFactor: 4, finalDivFactor: 2 }, 8, length);
    expect(oneCycle(0)).toBe(2);
    expect(oneCycle(11)).toBe(8);
    expect(oneCycle(39)).toBe(1);
  });

  it('refuses a warm-up that leaves nothing', () => {
    expect(() => createSchedule({ name: 'constant', warmUpEpochs: 4 }, 1, length)).toThrow(
      'leaves nothing of 4 epochs',
    );
  });

  it('never exceeds the given rate, nor falls below 0', () => {
    const config: fc.Arbitrary<ScheduleConfig> = fc.oneof(
      fc.record({ name: fc.constant('constant' as const) }),
      fc.record({ name: fc.constant('step' as const), everyEpochs: fc.double({ min: 0.1, max: 5, noNaN: true }) }),
      fc.record({ name: fc.constant('cosine' as const), finalScale: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ name: fc.constant('one-cycle' as const), pctStart: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    const warmUp = fc.double({ min: 0, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(config, warmUp, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 50 }), (c, w, e, s) => {
        const steps = e * s;
        if (Math.round(w * s) >= steps) return;
        const schedule = createSchedule({ ...c, warmUpEpochs: w }, 0.7, { epochs: e, stepsPerEpoch: s });
        for (const rate of rates(schedule, steps)) {
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(0.7 * (1 + 1e-12));
        }
      }),
    );
  });
});
