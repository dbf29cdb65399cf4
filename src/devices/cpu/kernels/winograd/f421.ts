// F(4, 2 + 1), for stride 2: see filters.ts. The five products of F(4, 2) come first, then the four plain ones.

import type { FunctionBuilder } from '../../assembler.ts';
import type { Emitter } from '../../step.ts';
import type { Code } from '../../wasm.ts';
import { add, sub, sumAndDifference, times, upTo } from './arithmetic.ts';
import type { Correlation, Filter } from './filters.ts';
import type { Part } from './transforms.ts';

/** Of the five numbers at `places`. */
function input42([p0, p1, p2, p3, p4]: readonly number[]): Part[] {
  const twice = (e: Emitter, f: FunctionBuilder, x: Code, more: Code): Code => e.madd(f.spread(2), x, more);
  return [
    { from: [p0, p1, p2, p3], to: [0], apply: (e, f, [d0, d1, d2, d3]) => [twice(e, f, sub(d0, d2), sub(d3, d1))] },
    {
      from: [p1, p2, p3],
      to: [1, 2],
      apply: (e, f, [d1, d2, d3]) => {
        const b = f.vector(sub(d3, d2));
        return [e.nmadd(f.spread(2), d1, b), twice(e, f, sub(d1, d2), b)];
      },
    },
    { from: [p1, p3], to: [3], apply: (_e, _f, [d1, d3]) => [sub(d3, d1)] },
    {
      from: [p1, p2, p3, p4],
      to: [4],
      apply: (e, f, [d1, d2, d3, d4]) => [e.nmadd(f.spread(2), sub(d3, d1), sub(d4, d2))],
    },
  ];
}

/** To the four outputs `to`. With `more`, to each is added what comes after the five. */
const output42 = (to: readonly number[], more: boolean): Part => ({
  from: upTo(more ? 9 : 5),
  to,
  apply: (e, f, [m0, m1, m2, m3, m4, ...others]) => {
    const [sum, difference] = [f.vector(add(m1, m2)), f.vector(sub(m1, m2))];
    const values = [
      add(add(m0, sum), m3),
      e.madd(f.spread(2), m3, difference),
      e.madd(f.spread(4), m3, sum),
      e.madd(f.spread(8), m3, add(difference, m4)),
    ];
    return more ? values.map((value, k) => add(value, others[k])) : values;
  },
});

const forward421: Omit<Correlation, 'before'> = {
  input: {
    name: "B' of F(4, 2 + 1)",
    inputs: 9,
    outputs: 9,
    parts: input42([0, 2, 4, 6, 8]),
    copies: [
      [5, 1],
      [6, 3],
      [7, 5],
      [8, 7],
    ],
  },
  step: 8,
  output: {
    name: "A' of F(4, 2 + 1)",
    inputs: 9,
    outputs: 4,
    parts: [output42(upTo(4), true)],
    copies: [],
  },
};

/**
 * Of dx and of dy along a padded axis, element 2k sees dy[k - 1] and dy[k] by the outer taps, and element 2k + 1 sees dy[k] by
 * the tap in the middle. Tiles of eight begin at the first element that isn't padding, an odd one or an even one.
 */
function inputGradient421(padding: number): Correlation {
  const beginsOdd = padding % 2;
  const [outer, middle] = [[0, 2, 4, 6].map((i) => i + beginsOdd), [1, 3, 5, 7].map((i) => i - beginsOdd)];
  // An odd element comes before the even one that sees the same dy[k] first, an even one after the odd one.
  const first = beginsOdd ? 0 : 1;
  return {
    input: {
      name: `B' of F(4, 2 + 1) for dx from ${first}`,
      inputs: 5,
      outputs: 9,
      parts: input42([0, 1, 2, 3, 4]),
      copies: upTo(4).map((k) => [5 + k, first + k] as const),
    },
    step: 4,
    before: padding === 0 ? 1 : 0,
    output: {
      name: `A' of F(4, 2 + 1) for dx from ${first}`,
      inputs: 9,
      outputs: 8,
      parts: [output42(outer, false)],
      copies: middle.map((i, k) => [i, 5 + k] as const),
    },
  };
}

export const f421: Filter = {
  stride: 2,
  tile: 4,
  products: 9,
  weights: 6,
  forward: (padding) => ({ ...forward421, before: padding }),
  inputGradient: inputGradient421,
  upstream: {
    name: 'A of F(4, 2 + 1)',
    inputs: 4,
    outputs: 9,
    parts: [
      sumAndDifference,
      {
        from: [0, 1, 2, 3],
        to: [3],
        apply: (e, f, [y0, y1, y2, y3]) => [
          e.madd(f.spread(2), e.madd(f.spread(4), y3, y1), e.madd(f.spread(4), y2, y0)),
        ],
      },
    ],
    copies: [[0, 0], [4, 3], ...upTo(4).map((k) => [5 + k, k] as const)],
  },
  weight: {
    name: 'G of F(4, 2 + 1)',
    inputs: 3,
    outputs: 6,
    parts: [
      {
        from: [0, 2],
        to: [0, 1, 2, 3],
        apply: (_, f, [g0, g2]) => [
          times(f, 1 / 2, g0),
          times(f, -1 / 2, add(g0, g2)),
          times(f, 1 / 6, sub(g2, g0)),
          add(times(f, 1 / 6, g0), times(f, 1 / 3, g2)),
        ],
      },
    ],
    copies: [
      [4, 2],
      [5, 1],
    ],
  },
  weightGradient: {
    name: "G' of F(4, 2 + 1)",
    inputs: 6,
    outputs: 3,
    parts: [
      {
        from: [0, 1, 2, 3, 4],
        to: [0, 2],
        apply: (_, f, [u0, u1, u2, u3, u4]) => {
          const half = f.vector(times(f, 1 / 2, u1));
          return [
            add(sub(times(f, 1 / 2, u0), half), times(f, 1 / 6, sub(u3, u2))),
            add(sub(add(times(f, 1 / 6, u2), times(f, 1 / 3, u3)), half), u4),
          ];
        },
      },
    ],
    copies: [[1, 5]],
  },
};
