// Makes a data set with several labels an image: two digits of MNIST in one picture, overlapping a little, and a table that
// says which digits are in it.
//
//   npx unrun examples/make-two-digits.ts two-digits        then        npx residua train --dataset two-digits
//
//   two-digits/train/00000.png ...   two-digits/train.csv:   file,labels        two-digits/test/ and test.csv likewise
//                                                            train/00000.png,3|8

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadMnist, randomStream } from 'residua';
import sharp from 'sharp';

const HEIGHT = 32;
const WIDTH = 48;
const DIGIT = 28;
const COUNTS = { train: 20_000, test: 4_000 };

const folder = process.argv[2] ?? 'two-digits';
for (const split of ['train', 'test'] as const) {
  const digits = await loadMnist({ split });
  const random = randomStream({ seed: 0, purpose: 'split', index: split === 'train' ? 0 : 1 });
  mkdirSync(join(folder, split), { recursive: true });
  const lines = ['file,labels'];
  for (let i = 0; i < COUNTS[split]; i++) {
    const pixels = new Uint8Array(HEIGHT * WIDTH);
    const labels: number[] = [];
    // The left digit begins at column 0 to 2, the right one at 18 to 20; either may stand up to 4 pixels lower.
    for (const left of [0, 18]) {
      const { image, label } = digits.get(random.integer(digits.length));
      labels.push(label);
      draw(image.data, pixels, left + random.integer(3), random.integer(HEIGHT - DIGIT + 1));
    }
    const file = `${split}/${String(i).padStart(5, '0')}.png`;
    const raw = { width: WIDTH, height: HEIGHT, channels: 1 } as const;
    writeFileSync(join(folder, file), await sharp(pixels, { raw }).toColourspace('b-w').png().toBuffer());
    lines.push(`${file},${[...new Set(labels)].sort().join('|')}`);
  }
  writeFileSync(join(folder, `${split}.csv`), `${lines.join('\n')}\n`);
  console.log(`${COUNTS[split]} pictures in ${join(folder, split)}`);
}

/** The brighter of the digit and what is there already. */
function draw(digit: Uint8Array, picture: Uint8Array, left: number, top: number): void {
  for (let y = 0; y < DIGIT; y++) {
    for (let x = 0; x < DIGIT; x++) {
      const at = (top + y) * WIDTH + left + x;
      picture[at] = Math.max(picture[at], digit[y * DIGIT + x]);
    }
  }
}
