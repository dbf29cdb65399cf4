// What a picture of a digit would look like without the digit: the brightness of the paper, which light from one side makes
// uneven. It is a smooth surface, of second degree in x and y, fitted to the pixels by least squares. Ink must not pull it
// down, so the fit is repeated with weights that fall with a pixel's distance from the surface before and end at 0 (Tukey's
// biweight). It begins with a plane through the outer pixels, where paper is likelier than ink.

import { createPlane, type Plane, shrink } from './plane.ts';

/** Longest side of the picture that the surface is fitted to: it is smooth, and more pixels say no more about it. */
const FITTED = 64;
/** The share of each side that belongs to the outer pixels. */
const RIM = 1 / 8;
const ROUNDS = 8;
/** Tukey's constant, in standard deviations: beyond it a pixel has no weight. */
const BIWEIGHT = 4.685;
/** Of 255. Pictures without noise deviate from a surface by this much where they are rounded to bytes. */
const SMALLEST_DEVIATION = 2;

export interface Paper {
  /** Brightness of the paper at each pixel. */
  readonly surface: Plane;
  /** Standard deviation of the paper's own pixels around it, of the picture as given: grain and noise. */
  readonly deviation: number;
}

export function fitPaper(picture: Plane): Paper {
  const small = shrink(picture, FITTED);
  const { width, height } = small;
  const rim = Float64Array.from(small.data, (_, i) => {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    return Math.min(x, 1 - x, y, 1 - y) < RIM ? 1 : 0;
  });
  let weights = rim;
  let surface = fitSurface(small, 1, weights);
  for (let round = 0; round < ROUNDS; round++) {
    const first = round < ROUNDS / 2;
    const distances = Float64Array.from(small.data, (value, i) =>
      Math.abs(value - surface.at(i % width, (i / width) | 0)),
    );
    // Of the outer pixels, in all rounds: a digit that fills the picture would have its own part in the spread of all.
    const scale = Math.max(SMALLEST_DEVIATION, deviationOf(distances.filter((_, i) => rim[i] > 0)));
    weights = distances.map((distance, i) => {
      const u = distance / (BIWEIGHT * scale);
      const root = u >= 1 || (first && rim[i] === 0) ? 0 : 1 - u * u;
      return root * root;
    });
    surface = fitSurface(small, first ? 1 : 2, weights);
  }
  const whole = createPlane(picture.width, picture.height);
  const [scaleX, scaleY] = [width / picture.width, height / picture.height];
  for (let y = 0, i = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++, i++) {
      whole.data[i] = surface.at((x + 0.5) * scaleX - 0.5, (y + 0.5) * scaleY - 0.5);
    }
  }
  const distances = Float64Array.from(picture.data, (value, i) => Math.abs(value - whole.data[i]));
  return { surface: whole, deviation: deviationOf(distances) };
}

/** Standard deviation from the median of distances, which a minority of far ones does not move (1.4826: normal noise). */
function deviationOf(distances: Float64Array): number {
  return 1.4826 * distances.sort()[distances.length >> 1];
}

/** Weighted least squares, on coordinates from -1 to 1 so that the equations are well conditioned. */
function fitSurface({ width, height, data }: Plane, degree: 1 | 2, weights: Float64Array) {
  const terms = (x: number, y: number) => {
    const [u, v] = [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1];
    return degree === 1 ? [1, u, v] : [1, u, v, u * u, u * v, v * v];
  };
  const size = terms(0, 0).length;
  /** The normal equations, the right side last. */
  const equations = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (weights[i] === 0) continue;
      const row = terms(x, y);
      for (let a = 0; a < size; a++) {
        const weighted = weights[i] * row[a];
        for (let b = 0; b < size; b++) equations[a][b] += weighted * row[b];
        equations[a][size] += weighted * data[i];
      }
    }
  }
  const [c, cu, cv, cuu = 0, cuv = 0, cvv = 0] = solve(equations);
  return {
    at(x: number, y: number): number {
      const [u, v] = [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1];
      return c + u * (cu + cuu * u + cuv * v) + v * (cv + cvv * v);
    },
  };
}

/** Gauss elimination with pivots. An unknown that nothing determines (a picture one pixel wide) becomes 0. */
function solve(equations: Float64Array[]): Float64Array {
  const size = equations.length;
  const solution = new Float64Array(size);
  const pivots: number[] = [];
  for (let column = 0, row = 0; column < size; column++) {
    let best = row;
    for (let r = row; r < size; r++) if (Math.abs(equations[r][column]) > Math.abs(equations[best][column])) best = r;
    if (Math.abs(equations[best][column]) < 1e-9) continue;
    [equations[row], equations[best]] = [equations[best], equations[row]];
    for (let r = 0; r < size; r++) {
      if (r === row) continue;
      const factor = equations[r][column] / equations[row][column];
      for (let c = column; c <= size; c++) equations[r][c] -= factor * equations[row][c];
    }
    pivots[row++] = column;
  }
  pivots.forEach((column, row) => {
    solution[column] = equations[row][size] / equations[row][column];
  });
  return solution;
}
