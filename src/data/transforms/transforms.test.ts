import { describe, expect, it } from 'vitest';
import { type ResiduaError, UsageError } from '../../errors.ts';
import { randomStream } from '../../tensor/random.ts';
import type { Image } from '../image.ts';
import {
  centerCrop,
  compose,
  fromConfig,
  normalize,
  pad,
  randomCrop,
  randomHorizontalFlip,
  type Transform,
  toTensor,
} from './index.ts';

const stream = () => randomStream({ seed: 1, purpose: 'augment' });
const grey = (rows: number[][]): Image => ({
  channels: 1,
  height: rows.length,
  width: rows[0].length,
  data: Uint8Array.from(rows.flat()),
});
/** The rows of what one transform makes of an image of one channel. */
function rows(transform: Transform, image: Image): number[][] {
  const { data, width, height } = compose([transform]).apply(image, stream());
  return Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);
}
const square = grey([
  [1, 2],
  [3, 4],
]);
/** 2 x 2 pixels of red, green and blue: pixel p has the values 10p + 1, 10p + 2, 10p + 3. */
const colour: Image = {
  channels: 3,
  height: 2,
  width: 2,
  data: Uint8Array.from([1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33]),
};

describe('Pad', () => {
  it('puts a border around the image', () => {
    expect(rows(pad(1), square)).toEqual([
      [0, 0, 0, 0],
      [0, 1, 2, 0],
      [0, 3, 4, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('takes left, top, right, bottom and the value to fill with', () => {
    expect(rows(pad([1, 0, 2, 1], 9), square)).toEqual([
      [9, 1, 2, 9, 9],
      [9, 3, 4, 9, 9],
      [9, 9, 9, 9, 9],
    ]);
    expect(rows(pad([1, 0]), square)).toEqual([
      [0, 1, 2, 0],
      [0, 3, 4, 0],
    ]);
  });
});

describe('RandomHorizontalFlip', () => {
  it('always mirrors with p = 1 and never with p = 0', () => {
    expect(rows(randomHorizontalFlip(1), square)).toEqual([
      [2, 1],
      [4, 3],
    ]);
    expect(rows(randomHorizontalFlip(0), square)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('mirrors pixels of three channels, not their values', () => {
    const { data } = compose([randomHorizontalFlip(1)]).apply(colour, stream());
    expect([...data]).toEqual([11, 12, 13, 1, 2, 3, 31, 32, 33, 21, 22, 23]);
  });

  it('mirrors in three of ten cases with p = 0.3', () => {
    const random = stream();
    const flip = compose([randomHorizontalFlip(0.3)]);
    let flips = 0;
    for (let i = 0; i < 10_000; i++) flips += flip.apply(square, random).data[0] === 2 ? 1 : 0;
    expect(Math.abs(flips - 3000)).toBeLessThan(200); // more than four standard deviations
  });
});

describe('RandomCrop', () => {
  it('shows every window equally often', () => {
    const image = grey([
      [0, 1, 2],
      [10, 11, 12],
      [20, 21, 22],
    ]);
    const random = stream();
    const crop = compose([randomCrop(2)]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      const key = crop.apply(image, random).data.join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['0 1 10 11', '1 2 11 12', '10 11 20 21', '11 12 21 22']);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(160);
  });

  it('pads first when told to, as Pad before it would', () => {
    const direct = compose([randomCrop(2, { padding: 1, fill: 7 })]);
    const inTwoSteps = compose([pad(1, 7), randomCrop(2)]);
    const [a, b] = [stream(), stream()];
    for (let i = 0; i < 100; i++) expect(direct.apply(square, a)).toEqual(inTwoSteps.apply(square, b));
  });

  it('says what is too small, in the words of torchvision, and what to do', () => {
    const chain = compose([randomCrop(32), toTensor()]);
    expect(() => chain.outputShape([1, 28, 28])).toThrow(
      'Required crop size (32, 32) is larger than input image size (28, 28)',
    );
    try {
      chain.outputShape([1, 28, 28]);
    } catch (error) {
      expect((error as ResiduaError).hint).toContain('Pad(2)');
    }
  });
});

describe('CenterCrop', () => {
  const row = grey([[0, 1, 2, 3, 4, 5, 6]]);

  it('rounds odd differences half to even, like Python', () => {
    // torchvision: left = int(round((7 - size) / 2)): 0.5 -> 0, 1.5 -> 2, 2.5 -> 2.
    expect(rows(centerCrop([1, 6]), row)).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(rows(centerCrop([1, 5]), row)).toEqual([[1, 2, 3, 4, 5]]);
    expect(rows(centerCrop([1, 4]), row)).toEqual([[2, 3, 4, 5]]);
    expect(rows(centerCrop([1, 2]), row)).toEqual([[2, 3]]);
  });

  it('centres a smaller image in black, the odd pixel at the end', () => {
    expect(rows(centerCrop([3, 5]), square)).toEqual([
      [0, 1, 2, 0, 0],
      [0, 3, 4, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
  });
});

describe('ToTensor and Normalize', () => {
  it('bring bytes to 0..1, and channels into planes', () => {
    const { data } = compose([toTensor()]).apply(colour, stream());
    const expected = [1, 11, 21, 31, 2, 12, 22, 32, 3, 13, 23, 33].map((byte) => Math.fround(byte / 255));
    expect([...data]).toEqual(expected);
  });

  it('normalise in float32, to the bit', () => {
    // The bits that a C program gets in float32: (byte / 255.0f - 0.1307f) / 0.3081f, rounded after each operation.
    const image = grey([[0, 51, 128, 255]]);
    const { data } = compose([toTensor(), normalize([0.1307], [0.3081])]).apply(image, stream());
    const bits = [...new Uint32Array(data.buffer)];
    expect(bits).toEqual([0xbed93271, 0x3e665341, 0x3f9a3d7a, 0x4034933d]);
  });

  it('give the same bits in one look-up as one after the other', () => {
    const image = { channels: 3, height: 16, width: 16, data: Uint8Array.from({ length: 768 }, (_, i) => i * 7) };
    const [mean, std] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    const together = compose([toTensor(), normalize(mean, std)]).apply(image, stream()).data;
    // A flip that never happens between the two keeps them apart.
    const apart = compose([toTensor(), randomHorizontalFlip(0), normalize(mean, std)]).apply(image, stream()).data;
    expect(together).toEqual(apart);
  });

  it('keep geometry working after ToTensor, plane by plane', () => {
    const before = compose([pad(1), centerCrop([3, 2]), randomHorizontalFlip(1), toTensor()]);
    const after = compose([toTensor(), pad(1), centerCrop([3, 2]), randomHorizontalFlip(1)]);
    expect(after.apply(colour, stream())).toEqual(before.apply(colour, stream()));
  });

  it('say what is in the wrong order or number', () => {
    expect(() => compose([normalize([0.5], [0.5])]).outputShape([1, 2, 2])).toThrow('Normalize takes a float32 image');
    expect(() => compose([toTensor(), toTensor()]).outputShape([1, 2, 2])).toThrow('ToTensor takes an image of bytes');
    expect(() => compose([toTensor(), normalize([0.5], [0.5])]).outputShape([3, 2, 2])).toThrow(
      'Normalize has 1 mean(s), but the image has 3 channel(s)',
    );
  });
});

describe('a chain of transforms', () => {
  const article = compose([pad(4), randomHorizontalFlip(), randomCrop(32), toTensor()]);

  it('knows its shape before it runs', () => {
    expect(article.outputShape([1, 28, 28])).toEqual([1, 32, 32]);
    expect(article.outputType([3, 32, 40])).toEqual({ shape: [3, 32, 32], dtype: 'float32' });
  });

  it('prints as torchvision does', () => {
    expect(`${article}`).toBe(
      'Compose(Pad(padding=4, fill=0), RandomHorizontalFlip(p=0.5), RandomCrop(size=32, padding=0, fill=0), ToTensor())',
    );
  });

  it('survives JSON', () => {
    const all = compose([...article.transforms, normalize([0.1], [0.2]), centerCrop([4, 5])]);
    const json = JSON.parse(JSON.stringify(all.config));
    expect(fromConfig(json).config).toEqual(all.config);
    expect(fromConfig([{ name: 'Pad', padding: 2 }]).config).toEqual([pad(2).config]);
  });

  it('refuses an image of another size than it was prepared for', () => {
    const run = article.prepare([1, 28, 28]);
    expect(() => run(square, stream(), square)).toThrow('expected an image of shape [1, 28, 28], found [1, 2, 2]');
  });

  it.each<[unknown, string]>([
    ['Pad', 'transforms must be a list, found "Pad"'],
    [[4], 'transforms[0] must be an object with a name, found 4'],
    [[{ name: 'ToTensor' }, { name: 'Solarize' }], 'transforms[1] has the unknown name "Solarize"'],
    [[{ name: 'Pad' }], 'transforms[0]: Pad: missing argument padding'],
    [[{ name: 'ToTensor', scale: 1 }], 'ToTensor: unknown argument scale'],
    [[{ name: 'Pad', padding: -1 }], 'Pad: padding must be an integer >= 0'],
    [[{ name: 'Pad', padding: [1, 2, 3] }], 'found [1,2,3]'],
    [
      [{ name: 'RandomCrop', size: '32' }],
      'RandomCrop: size must be a positive integer or [height, width], found "32"',
    ],
    [[{ name: 'RandomHorizontalFlip', p: 1.5 }], 'p must be a probability from 0 to 1, found 1.5'],
    [[{ name: 'Normalize', mean: [0.1], std: [0] }], 'std must be a list of 1 number(s) above 0, found [0]'],
    [[{ name: 'Normalize', mean: [], std: [] }], 'mean must be a list of numbers'],
    [[{ name: 'constructor' }], 'unknown name "constructor"'],
  ])('refuses the configuration %j', (json, message) => {
    expect(() => fromConfig(json)).toThrow(UsageError);
    expect(() => fromConfig(json)).toThrow(message);
  });
});
