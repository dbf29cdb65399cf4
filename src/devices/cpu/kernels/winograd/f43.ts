// F(4, 3), for stride 1: see filters.ts.

import { add, computed, hold, sub, sumAndDifference, times } from './arithmetic.ts';
import type { Filter } from './filters.ts';
import type { Transform } from './transforms.ts';

const input43: Transform = {
  name: "B' of F(4, 3)",
  inputs: 6,
  outputs: 6,
  parts: [
    {
      from: [0, 2, 4],
      to: [0],
      apply: (e, f, [d0, d2, d4]) => [e.nmadd(f.spread(5), d2, e.madd(f.spread(4), d0, d4))],
    },
    {
      from: [1, 2, 3, 4],
      to: [1, 2],
      apply: (e, f, [d1, d2, d3, d4]) => {
        const a = hold(f, e.nmadd(f.spread(4), d2, d4));
        const b = hold(f, e.nmadd(f.spread(4), d1, d3));
        return [add(a, b), sub(a, b)];
      },
    },
    {
      from: [1, 2, 3, 4],
      to: [3, 4],
      apply: (e, f, [d1, d2, d3, d4]) => {
        const c = hold(f, sub(d4, d2));
        const d = hold(f, sub(d3, d1));
        return [e.madd(f.spread(2), d, c), e.nmadd(f.spread(2), d, c)];
      },
    },
    {
      from: [1, 3, 5],
      to: [5],
      apply: (e, f, [d1, d3, d5]) => [e.nmadd(f.spread(5), d3, e.madd(f.spread(4), d1, d5))],
    },
  ],
  copies: [],
};

const output43: Transform = {
  name: "A' of F(4, 3)",
  inputs: 6,
  outputs: 4,
  parts: [
    {
      from: [0, 1, 2, 3, 4],
      to: [0, 1],
      apply: (e, f, [m0, m1, m2, m3, m4]) => [
        add(m0, add(add(m1, m2), add(m3, m4))),
        e.madd(f.spread(2), sub(m3, m4), sub(m1, m2)),
      ],
    },
    {
      from: [1, 2, 3, 4, 5],
      to: [2, 3],
      apply: (e, f, [m1, m2, m3, m4, m5]) => [
        e.madd(f.spread(4), add(m3, m4), add(m1, m2)),
        e.madd(f.spread(8), sub(m3, m4), add(sub(m1, m2), m5)),
      ],
    },
  ],
  copies: [],
};

export const f43: Filter = {
  stride: 1,
  tile: 4,
  products: 6,
  weights: 6,
  forward: (padding) => ({ input: input43, step: 4, before: padding, output: output43 }),
  inputGradient: (padding) => ({ input: input43, step: 4, before: 2 - padding, output: output43 }),
  upstream: {
    name: 'A of F(4, 3)',
    inputs: 4,
    outputs: 6,
    parts: [
      sumAndDifference,
      {
        from: [0, 1, 2, 3],
        to: [3, 4],
        apply: (e, f, [y0, y1, y2, y3]) => {
          const [even, odd] = [hold(f, e.madd(f.spread(4), y2, y0)), hold(f, e.madd(f.spread(4), y3, y1))];
          return [e.madd(f.spread(2), odd, even), e.nmadd(f.spread(2), odd, even)];
        },
      },
    ],
    copies: [
      [0, 0],
      [5, 3],
    ],
  },
  weight: {
    name: 'G of F(4, 3)',
    inputs: 3,
    outputs: 6,
    parts: [
      {
        from: [0, 1, 2],
        to: [0, 1, 2, 3, 4],
        apply: (_, f, [g0, g1, g2]) => {
          const sixth = hold(f, times(f, -1 / 6, add(g0, g2)));
          const middle = hold(f, times(f, 1 / 6, g1));
          const outer = hold(f, add(times(f, 1 / 24, g0), times(f, 1 / 6, g2)));
          const half = hold(f, times(f, 1 / 12, g1));
          return [times(f, 1 / 4, g0), sub(sixth, middle), add(sixth, middle), add(outer, half), sub(outer, half)];
        },
      },
    ],
    copies: [[5, 2]],
  },
  weightGradient: computed("G' of F(4, 3)", 6, 3, (_, f, [u0, u1, u2, u3, u4, u5]) => {
    const [s1, d1] = [hold(f, times(f, 1 / 6, add(u1, u2))), sub(u2, u1)];
    const [s2, d2] = [hold(f, add(u3, u4)), sub(u3, u4)];
    return [
      add(sub(times(f, 1 / 4, u0), s1), times(f, 1 / 24, s2)),
      add(times(f, 1 / 6, d1), times(f, 1 / 12, d2)),
      add(sub(times(f, 1 / 6, s2), s1), u5),
    ];
  }),
};
