// A few images that stand for all of a data set: evenly spaced, and no more bytes of pixels than can be looked at in a moment
// (images in files are decoded for it).

import type { Dataset, Example } from '../../data/index.ts';

export interface SampleSize {
  readonly images: number;
  /** Of pixels. The first image is taken whatever its size. */
  readonly bytes: number;
}

export function sample(dataset: Dataset, { images, bytes }: SampleSize): Example[] {
  const most = Math.min(images, dataset.length);
  const taken: Example[] = [];
  let room = bytes;
  for (let i = 0; i < most && room > 0; i++) {
    const example = dataset.get(Math.floor((i * dataset.length) / most));
    room -= example.image.data.length;
    taken.push(example);
  }
  return taken;
}
