// Minimal filtering algorithms (Winograd 1980; Lavin & Gray 2015): how a filter of three taps is applied along one axis with
// fewer multiplications. An algorithm gives tiles of four outputs:
//
//   y = A' [ (G w) * (B' x) ]           forward
//   dw = G' [ (B' x) * (A dy) ]         weight gradient: the same form, transposed
//
// The input gradient is a correlation too, of dy with the taps in reverse, and has matrices of its own where the stride is 2.
// Nested in itself an algorithm serves two axes, and two algorithms may be mixed.
//
//   F(4, 3)      stride 1: 6 products instead of 12, by the points 0, 1, -1, 2, -2 and infinity.
//   F(4, 2 + 1)  stride 2: the even elements of x see the outer two taps, the odd ones the tap in the middle:
//                    y[i] = w0 x[2i] + w2 x[2i+2]  +  w1 x[2i+1]
//                F(4, 2) for the former, by the points 0, 1, -1, 2 and infinity, and four plain products for the latter: 9
//                instead of 12. The last four share one weight.

import type { Window } from '../../../../tensor/operations/convolution.ts';
import type { FunctionBuilder, Local } from '../../assembler.ts';
import { type Code, f32x4, type } from '../../wasm.ts';
import type { Transform } from './transforms.ts';

/** What is correlated with the taps, or with the taps in reverse. */
export interface Correlation {
  /** B' */
  readonly input: Transform;
  /** From the first element that a tile reads to the first that the next one reads. */
  readonly step: number;
  /** Elements that the first tile reads before the first one there is. */
  readonly before: number;
  /** A' */
  readonly output: Transform;
}

export interface Filter {
  readonly stride: number;
  /** Outputs of a tile. */
  readonly tile: number;
  readonly products: number;
  /** Different transformed weights: the last is that of all further products too. */
  readonly weights: number;
  forward(padding: number): Correlation;
  inputGradient(padding: number): Correlation;
  /** A */
  readonly upstream: Transform;
  /** G */
  readonly weight: Transform;
  /** G' */
  readonly weightGradient: Transform;
}

/** Taps along one axis, and in all. */
export const kernelSize = 3;
export const taps = kernelSize * kernelSize;

const { add, sub, mul } = f32x4;
const times = (f: FunctionBuilder, factor: number, x: Code): Code => mul(f.spread(factor), x);
const hold = (f: FunctionBuilder, value: Code): Local => f.let(value, type.v128);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A transform that computes all it gives. */
const computed = (name: string, inputs: number, outputs: number, apply: Transform['apply']): Transform => ({
  ...{ name, inputs, outputs, apply, from: upTo(inputs), to: upTo(outputs), copies: [] },
});

// F(4, 3)

const input43 = computed("B' of F(4, 3)", 6, 6, (e, f, [d0, d1, d2, d3, d4, d5]) => {
  const a = hold(f, e.nmadd(f.spread(4), d2, d4));
  const b = hold(f, e.nmadd(f.spread(4), d1, d3));
  const c = hold(f, sub(d4, d2));
  const d = hold(f, sub(d3, d1));
  return [
    e.nmadd(f.spread(5), d2, e.madd(f.spread(4), d0, d4)),
    add(a, b),
    sub(a, b),
    e.madd(f.spread(2), d, c),
    e.nmadd(f.spread(2), d, c),
    e.nmadd(f.spread(5), d3, e.madd(f.spread(4), d1, d5)),
  ];
});

const output43 = computed("A' of F(4, 3)", 6, 4, (e, f, [m0, m1, m2, m3, m4, m5]) => {
  const [s1, d1] = [hold(f, add(m1, m2)), hold(f, sub(m1, m2))];
  const [s2, d2] = [hold(f, add(m3, m4)), hold(f, sub(m3, m4))];
  return [
    add(m0, add(s1, s2)),
    e.madd(f.spread(2), d2, d1),
    e.madd(f.spread(4), s2, s1),
    e.madd(f.spread(8), d2, add(d1, m5)),
  ];
});

const f43: Filter = {
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
    from: [0, 1, 2, 3],
    to: [1, 2, 3, 4],
    apply: (e, f, [y0, y1, y2, y3]) => {
      const [even, odd] = [hold(f, add(y0, y2)), hold(f, add(y1, y3))];
      const [even2, odd2] = [hold(f, e.madd(f.spread(4), y2, y0)), hold(f, e.madd(f.spread(4), y3, y1))];
      return [add(even, odd), sub(even, odd), e.madd(f.spread(2), odd2, even2), e.nmadd(f.spread(2), odd2, even2)];
    },
    copies: [
      [0, 0],
      [5, 3],
    ],
  },
  weight: {
    name: 'G of F(4, 3)',
    inputs: 3,
    outputs: 6,
    from: [0, 1, 2],
    to: [0, 1, 2, 3, 4],
    apply: (_, f, [g0, g1, g2]) => {
      const sixth = hold(f, times(f, -1 / 6, add(g0, g2)));
      const middle = hold(f, times(f, 1 / 6, g1));
      const outer = hold(f, add(times(f, 1 / 24, g0), times(f, 1 / 6, g2)));
      const half = hold(f, times(f, 1 / 12, g1));
      return [times(f, 1 / 4, g0), sub(sixth, middle), add(sixth, middle), add(outer, half), sub(outer, half)];
    },
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

// F(4, 2 + 1): the five products of F(4, 2) come first, then the four plain ones.

const applyInput42: Transform['apply'] = (e, f, [d0, d1, d2, d3, d4]) => {
  const a = hold(f, sub(d3, d1));
  const b = hold(f, sub(d3, d2));
  return [
    e.madd(f.spread(2), sub(d0, d2), a),
    e.nmadd(f.spread(2), d1, b),
    e.madd(f.spread(2), sub(d1, d2), b),
    a,
    e.nmadd(f.spread(2), a, sub(d4, d2)),
  ];
};

const applyOutput42: Transform['apply'] = (e, f, [m0, m1, m2, m3, m4]) => {
  const [s, d] = [hold(f, add(m1, m2)), hold(f, sub(m1, m2))];
  return [
    add(add(m0, s), m3),
    e.madd(f.spread(2), m3, d),
    e.madd(f.spread(4), m3, s),
    e.madd(f.spread(8), m3, add(d, m4)),
  ];
};

const forward421: Omit<Correlation, 'before'> = {
  input: {
    name: "B' of F(4, 2 + 1)",
    inputs: 9,
    outputs: 9,
    from: [0, 2, 4, 6, 8],
    to: [0, 1, 2, 3, 4],
    apply: applyInput42,
    copies: [
      [5, 1],
      [6, 3],
      [7, 5],
      [8, 7],
    ],
  },
  step: 8,
  output: computed("A' of F(4, 2 + 1)", 9, 4, (e, f, m) =>
    applyOutput42(e, f, m.slice(0, 5)).map((value, i) => add(value, m[5 + i])),
  ),
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
      from: [0, 1, 2, 3, 4],
      to: [0, 1, 2, 3, 4],
      apply: applyInput42,
      copies: upTo(4).map((k) => [5 + k, first + k] as const),
    },
    step: 4,
    before: padding === 0 ? 1 : 0,
    output: {
      name: `A' of F(4, 2 + 1) for dx from ${first}`,
      inputs: 9,
      outputs: 8,
      from: [0, 1, 2, 3, 4],
      to: outer,
      apply: applyOutput42,
      copies: middle.map((i, k) => [i, 5 + k] as const),
    },
  };
}

const f421: Filter = {
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
    from: [0, 1, 2, 3],
    to: [1, 2, 3],
    apply: (e, f, [y0, y1, y2, y3]) => {
      const [even, odd] = [hold(f, add(y0, y2)), hold(f, add(y1, y3))];
      const [even2, odd2] = [e.madd(f.spread(4), y2, y0), e.madd(f.spread(4), y3, y1)];
      return [add(even, odd), sub(even, odd), e.madd(f.spread(2), odd2, even2)];
    },
    copies: [[0, 0], [4, 3], ...upTo(4).map((k) => [5 + k, k] as const)],
  },
  weight: {
    name: 'G of F(4, 2 + 1)',
    inputs: 3,
    outputs: 6,
    from: [0, 2],
    to: [0, 1, 2, 3],
    apply: (_, f, [g0, g2]) => [
      times(f, 1 / 2, g0),
      times(f, -1 / 2, add(g0, g2)),
      times(f, 1 / 6, sub(g2, g0)),
      add(times(f, 1 / 6, g0), times(f, 1 / 3, g2)),
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
    from: [0, 1, 2, 3, 4],
    to: [0, 2],
    apply: (_, f, [u0, u1, u2, u3, u4]) => {
      const half = hold(f, times(f, 1 / 2, u1));
      return [
        add(sub(times(f, 1 / 2, u0), half), times(f, 1 / 6, sub(u3, u2))),
        add(sub(add(times(f, 1 / 6, u2), times(f, 1 / 3, u3)), half), u4),
      ];
    },
    copies: [[1, 5]],
  },
};

/** Of rows and of columns. */
export type Filters = readonly [Filter, Filter];

const filterOf = (stride: number): Filter | undefined => [f43, f421].find((filter) => filter.stride === stride);

/** The algorithms for a convolution, if there are any. */
export function filtersOf({ stride, padding }: Window): Filters | undefined {
  const [rows, columns] = stride.map(filterOf);
  return rows && columns && padding.every((p) => p < kernelSize) ? [rows, columns] : undefined;
}

/** Products of a tile, as [row][column]. */
export const positionsOf = ([rows, columns]: Filters): number => rows.products * columns.products;
/** Different transformed weights of a pair of channels. */
export const weightPositionsOf = ([rows, columns]: Filters): number => rows.weights * columns.weights;

/** Of rows and of columns. */
export type Correlations = readonly [Correlation, Correlation];

export const forwardCorrelations = ([rows, columns]: Filters, { padding }: Window): Correlations => [
  rows.forward(padding[0]),
  columns.forward(padding[1]),
];

export const inputGradientCorrelations = ([rows, columns]: Filters, { padding }: Window): Correlations => [
  rows.inputGradient(padding[0]),
  columns.inputGradient(padding[1]),
];

/** Rows and columns of a tile of the result. */
export const outputsOf = ([rows, columns]: Correlations): readonly [number, number] => [
  rows.output.outputs,
  columns.output.outputs,
];
