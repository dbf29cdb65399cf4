// Elements of images one by one, along any of their axes.

import type { Axis } from '../../../compiler/view.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, strideAlong } from '../geometry.ts';

/**
 * Nested loops along some axes, the outermost first.
 *
 * @param geometries how many places there are, as the first has it, and how far apart they lie in each image
 * @param places the first in each image
 * @param body must leave the places as they are
 */
export function forEachPlace(
  f: FunctionBuilder,
  [axis, ...inner]: readonly Axis[],
  geometries: readonly Geometry[],
  places: readonly Local[],
  body: (places: readonly Local[]) => void,
): void {
  if (!axis) {
    body(places);
    return;
  }
  const here = places.map((place) => f.let(place));
  f.repeat(geometries[0][axis], () => {
    forEachPlace(f, inner, geometries, here, body);
    here.forEach((place, i) => {
      f.advance(place, strideAlong(geometries[i])[axis]);
    });
  });
}
