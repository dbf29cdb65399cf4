// F(4, 3), for stride 1: see filters.ts.

import { add, computed, sub, sumAndDifference, times } from './arithmetic.ts';
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
        const a = f.vector(e.nmadd(f.spread(4), d2, d4));
        const b = f.vector(e.nmadd(f.spread(4), d1, d3));
        return [add(a, b), sub(a, b)];
      },
    },
    {
      from: [1, 2, 3, 4],
      to: [3, 4],
      apply: (e, f, [d1, d2, d3, d4]) => {
        const c = f.vector(sub(d4, d2));
        const d = f.vector(sub(d3, d1));
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

const output43 = computed("A' of F(4, 3)", 6, 4, (e, f, [m0, m1, m2, m3, m4, m5]) => {
  const [s1, d1] = [f.vector(add(m1, m2)), f.vector(sub(m1, m2))];
  const [s2, d2] = [f.vector(add(m3, m4)), f.vector(sub(m3, m4))];
  return [
    add(m0, add(s1, s2)),
    e.madd(f.spread(2), d2, d1),
    e.madd(f.spread(4), s2, s1),
    e.madd(f.spread(8), d2, add(d1, m5)),
  ];
});

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
          const [even, odd] = [f.vector(e.madd(f.spread(4), y2, y0)), f.vector(e.madd(f.spread(4), y3, y1))];
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
          const sixth = f.vector(times(f, -1 / 6, add(g0, g2)));
          const middle = f.vector(times(f, 1 / 6, g1));
          const outer = f.vector(add(times(f, 1 / 24, g0), times(f, 1 / 6, g2)));
          const half = f.vector(times(f, 1 / 12, g1));
          return [times(f, 1 / 4, g0), sub(sixth, middle), add(sixth, middle), add(outer, half), sub(outer, half)];
        },
      },
    ],
    copies: [[5, 2]],
  },
  weightGradient: computed("G' of F(4, 3)", 6, 3, (_, f, [u0, u1, u2, u3, u4, u5]) => {
    const [s1, d1] = [f.vector(times(f, 1 / 6, add(u1, u2))), sub(u2, u1)];
    const [s2, d2] = [f.vector(add(u3, u4)), sub(u3, u4)];
    return [
      add(sub(times(f, 1 / 4, u0), s1), times(f, 1 / 24, s2)),
      add(times(f, 1 / 6, d1), times(f, 1 / 12, d2)),
      add(sub(times(f, 1 / 6, s2), s1), u5),
    ];
  }),
};
