// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records one after the other, without a header.
//
//   [ labels: 1 byte (CIFAR-10), or coarse and fine (CIFAR-100) | 1,024 red | 1,024 green | 1,024 blue ]

import { ResiduaError } from '../errors.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const CHANNELS = 3;

export interface CifarRecords {
  readonly length: number;
  /** labels[which][image]: as many lists as a record has bytes of labels. */
  readonly labels: readonly Uint8Array[];
  /** Bytes [N, 32, 32, 3], the channels of a pixel side by side. */
  readonly images: Uint8Array;
}

/**
 * @param parts the whole files, in order
 * @param sources how to call each file in errors, such as its path
 * @param labelBytes labels before the pixels: 1 in CIFAR-10, 2 in CIFAR-100
 * @throws ResiduaError when a file is not a whole number of records, 1 or more
 */
export function readCifar(parts: readonly Uint8Array[], sources: readonly string[], labelBytes: number): CifarRecords {
  const record = labelBytes + CHANNELS * PLANE;
  const counts = parts.map((bytes, i) => {
    const count = bytes.length / record;
    if (Number.isInteger(count) && count > 0) return count;
    throw new ResiduaError(
      `${sources[i]}: expected records of ${record} bytes (${labelBytes} of labels, then 32x32 pixels in 3 planes), found ${bytes.length} bytes`,
      { hint: 'The file is damaged, cut short or something else: get it again.' },
    );
  });
  const length = counts.reduce((sum, count) => sum + count, 0);
  const images = new Uint8Array(length * CHANNELS * PLANE);
  const labels = Array.from({ length: labelBytes }, () => new Uint8Array(length));
  let image = 0;
  for (const bytes of parts) {
    for (let start = 0; start < bytes.length; start += record, image++) {
      for (let which = 0; which < labelBytes; which++) labels[which][image] = bytes[start + which];
      for (let channel = 0; channel < CHANNELS; channel++) {
        const plane = start + labelBytes + channel * PLANE;
        let target = image * CHANNELS * PLANE + channel;
        for (let i = plane; i < plane + PLANE; i++, target += CHANNELS) images[target] = bytes[i];
      }
    }
  }
  return { length, labels, images };
}
