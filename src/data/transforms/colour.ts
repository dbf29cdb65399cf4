// Operations on the colours of an image of bytes, as Pillow computes them, to the bit. Each reads `input` and writes
// `output`, which may be the same image but for sharpness. Factors: 0 takes all of the property away, 1 changes nothing,
// above 1 there is more of it.

import type { Image } from '../image.ts';
import { luma } from '../luma.ts';

export type ColourOperation = (input: Image, output: Image, amount: number) => void;

/** Towards black. */
export const brightness: ColourOperation = (input, output, factor) => {
  const from = input.data;
  for (let i = 0; i < from.length; i++) output.data[i] = blend(0, from[i], factor);
};

/** Towards the mean grey of the image. */
export const contrast: ColourOperation = (input, output, factor) => {
  const pixels = input.width * input.height;
  let sum = 0;
  eachGrey(input, (grey) => {
    sum += grey;
  });
  const mean = Math.trunc(sum / pixels + 0.5);
  const from = input.data;
  for (let i = 0; i < from.length; i++) output.data[i] = blend(mean, from[i], factor);
};

/** Towards the grey of each pixel; an image without colours stays as it is. */
export const saturation: ColourOperation = (input, output, factor) => {
  const { channels, data } = input;
  eachGrey(input, (grey, pixel) => {
    for (let c = 0; c < channels; c++) output.data[pixel + c] = blend(grey, data[pixel + c], factor);
  });
};

/** Towards a smoothed image: weights 5 in the middle of 3 x 3 pixels, 1 around; border pixels are not smoothed. */
export const sharpness: ColourOperation = (input, output, factor) => {
  const { width, height, channels, data } = input;
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = y > 0 && y < height - 1 && x > 0 && x < width - 1;
      for (let i = y * row + x * channels, end = i + channels; i < end; i++) {
        let smooth = data[i];
        if (inside) {
          let sum = 4 * data[i];
          for (const line of [i - row, i, i + row]) sum += data[line - channels] + data[line] + data[line + channels];
          smooth = Math.floor((2 * sum + 13) / 26);
        }
        output.data[i] = blend(smooth, data[i], factor);
      }
    }
  }
};

/** Turns the circle of hues. @param shift -0.5 to 0.5 of a whole turn; an image without colours stays as it is */
export const hue: ColourOperation = (input, output, shift) => {
  const { channels, data } = input;
  if (channels !== 3) {
    output.data.set(data);
    return;
  }
  const turn = Math.trunc(shift * 255) & 255;
  for (let i = 0; i < data.length; i += 3) turnHue(data, i, turn, output.data);
};

/** Keeps the upper bits. @param bits 0 to 8 */
export const posterize: ColourOperation = (input, output, bits) => {
  const mask = 256 - 2 ** (8 - bits);
  map(input, output, (value) => value & mask);
};

/** Inverts what is at least as bright as the threshold. */
export const solarize: ColourOperation = (input, output, threshold) => {
  map(input, output, (value) => (value < threshold ? value : 255 - value));
};

/** Stretches each channel to the whole range. */
export const autoContrast: ColourOperation = (input, output) => {
  eachChannel(input, output, (histogram) => {
    const least = histogram.findIndex((count) => count > 0);
    const most = histogram.findLastIndex((count) => count > 0);
    const scale = 255 / (most - least);
    return (value) => (most <= least ? value : Math.trunc(value * scale - least * scale));
  });
};

/** Spreads the values of each channel so that all are about equally frequent. */
export const equalize: ColourOperation = (input, output) => {
  eachChannel(input, output, (histogram) => {
    const present = histogram.filter((count) => count > 0);
    const total = present.reduce((sum, count) => sum + count, 0);
    const step = Math.floor((total - present[present.length - 1]) / 255);
    if (present.length <= 1 || step === 0) return (value) => value;
    let sum = step >> 1;
    const table = Array.from(histogram, (count) => {
      const value = Math.floor(sum / step);
      sum += count;
      return value;
    });
    return (value) => table[value];
  });
};

/** a + factor * (b - a) in float32, cut to 0 to 255 and rounded down. */
function blend(a: number, b: number, factor: number): number {
  const value = Math.fround(a + Math.fround(Math.fround(factor) * (b - a)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Calls `visit` with the grey of each pixel and the place of its first byte. */
function eachGrey({ channels, data }: Image, visit: (grey: number, pixel: number) => void): void {
  for (let pixel = 0; pixel < data.length; pixel += channels) {
    visit(channels === 3 ? luma(data[pixel], data[pixel + 1], data[pixel + 2]) : data[pixel], pixel);
  }
}

function map(input: Image, output: Image, change: (value: number) => number): void {
  const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => change(value));
  for (let i = 0; i < input.data.length; i++) output.data[i] = table[input.data[i]];
}

/** Maps each channel by a table that is made from its histogram. */
function eachChannel(
  { channels, data }: Image,
  output: Image,
  rule: (histogram: Uint32Array) => (value: number) => number,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const histogram = new Uint32Array(256);
    for (let i = channel; i < data.length; i += channels) histogram[data[i]]++;
    const change = rule(histogram);
    const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => change(value));
    for (let i = channel; i < data.length; i += channels) output.data[i] = table[data[i]];
  }
}

const { fround } = Math;

/** Through hue, saturation and value in bytes, and back (Smith 1978, in Pillow's roundings). */
function turnHue(from: Uint8Array, i: number, turn: number, to: Uint8Array): void {
  const [r, g, b] = [from[i], from[i + 1], from[i + 2]];
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most === least) {
    to[i] = to[i + 1] = to[i + 2] = most;
    return;
  }
  const range = fround(most - least);
  const distance = (value: number) => fround(fround(most - value) / range);
  const [toRed, toGreen, toBlue] = [distance(r), distance(g), distance(b)];
  const sixths = r === most ? toBlue - toGreen : g === most ? 2 + toRed - toBlue : 4 + toGreen - toRed;
  const turns = fround((fround(sixths) / 6 + 1) % 1);
  const h = (Math.trunc(turns * 255) + turn) & 255;
  const s = Math.trunc(fround(range / fround(most)) * 255);

  const sector = Math.floor((h * 6) / 255);
  const f = fround((h * 6) / 255 - sector);
  const share = fround(s / 255);
  const value = (part: number) => Math.round(fround(most * (1 - part)));
  const p = value(share);
  const q = value(share * f);
  const t = value(share * (1 - f));
  const colours = [
    [most, t, p],
    [q, most, p],
    [p, most, t],
    [p, q, most],
    [t, p, most],
    [most, p, q],
  ][sector % 6];
  to[i] = colours[0];
  to[i + 1] = colours[1];
  to[i + 2] = colours[2];
}
