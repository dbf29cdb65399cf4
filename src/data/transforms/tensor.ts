// ToTensor (bytes to numbers, interleaved to planes) and Normalize (per channel: subtract the mean, divide by the
// standard deviation). Both compute in float32, with the same roundings as PyTorch.

import { ResiduaError } from '../../errors.ts';
import { randomStream } from '../../tensor/random.ts';
import { type AnyImage, allocateImage, type Step, type Transform, wrongArgument } from './transform.ts';

const BYTES = 256;

/** Bytes 0 to 255 become 0 to 1; (height, width, channels) becomes (channels, height, width). */
export function toTensor(): Transform {
  return {
    config: { name: 'ToTensor' },
    random: false,
    outputType: ({ shape, dtype }) => {
      if (dtype !== 'uint8') {
        throw new ResiduaError('ToTensor takes an image of bytes, found one that is float32 already', {
          hint: 'Use ToTensor once.',
        });
      }
      return { shape, dtype: 'float32' };
    },
    prepare: ({ shape: [channels] }) =>
      lookUp(Array.from({ length: channels }, () => Float32Array.from({ length: BYTES }, (_, byte) => byte / 255))),
  };
}

/**
 * (x - mean) / std for each channel.
 * @param mean one number a channel, in the units of ToTensor's output (0 to 1)
 * @param std one number a channel, above 0
 */
export function normalize(mean: readonly number[], std: readonly number[]): Transform {
  const numbers = (list: unknown) => Array.isArray(list) && list.length > 0 && list.every(Number.isFinite);
  if (!numbers(mean)) throw wrongArgument('Normalize', 'mean', 'a list of numbers, one a channel', mean);
  if (!numbers(std) || std.some((value) => value <= 0) || std.length !== mean.length) {
    throw wrongArgument('Normalize', 'std', `a list of ${mean.length} number(s) above 0`, std);
  }
  return {
    config: { name: 'Normalize', mean, std },
    random: false,
    outputType: (input) => {
      if (input.dtype !== 'float32') {
        throw new ResiduaError('Normalize takes a float32 image, found bytes', { hint: 'Put ToTensor before it.' });
      }
      if (input.shape[0] !== mean.length) {
        throw new ResiduaError(`Normalize has ${mean.length} mean(s), but the image has ${input.shape[0]} channel(s)`, {
          hint: 'Give one mean and one std a channel.',
        });
      }
      return input;
    },
    prepare: () => {
      const mean32 = Float32Array.from(mean);
      const std32 = Float32Array.from(std);
      return (input, _, output) => {
        const plane = input.width * input.height;
        const from = input.data;
        const to = output.data;
        for (let channel = 0, i = 0; channel < mean32.length; channel++) {
          for (const end = i + plane; i < end; i++) to[i] = Math.fround(from[i] - mean32[channel]) / std32[channel];
        }
        return output;
      };
    },
  };
}

/**
 * ToTensor and then Normalize in one look-up. The table is made by the two themselves, from an image that has each byte
 * once, so the result is theirs to the bit.
 */
export function toTensorThenNormalize(normalize: Transform, channels: number): Step {
  const unused = randomStream({ seed: 0, purpose: 'augment' });
  const bytes = { channels, height: 1, width: BYTES, data: new Uint8Array(BYTES * channels) };
  for (let i = 0; i < bytes.data.length; i++) bytes.data[i] = Math.floor(i / channels);
  let image: AnyImage = bytes;
  let type = { shape: [channels, 1, BYTES] as const, dtype: 'uint8' as 'uint8' | 'float32' };
  for (const transform of [toTensor(), normalize]) {
    const step = transform.prepare(type);
    type = { ...type, dtype: 'float32' };
    image = step(image, unused, allocateImage(type.shape, type.dtype));
  }
  const all = image.data as Float32Array;
  return lookUp(Array.from({ length: channels }, (_, channel) => all.slice(channel * BYTES, (channel + 1) * BYTES)));
}

/** tables[channel][byte] is the number for the byte. */
function lookUp(tables: readonly Float32Array[]): Step {
  return (input, _, output) => {
    const channels = tables.length;
    const plane = input.width * input.height;
    const from = input.data;
    const to = output.data;
    for (let channel = 0; channel < channels; channel++) {
      const table = tables[channel];
      const start = channel * plane;
      for (let i = 0, byte = channel; i < plane; i++, byte += channels) to[start + i] = table[from[byte]];
    }
    return output;
  };
}
