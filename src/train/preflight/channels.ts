// Channels that tell the network nothing, or reach it in numbers that it has trouble with: measured on what comes out of the
// test's transforms for a sample of the training images.

import type { Compose, Dataset, Example } from '../../data/index.ts';
import { counted } from '../../format.ts';
import { randomStream } from '../../tensor/random.ts';
import { sample } from './sample.ts';
import { type Check, listed, type PreflightWarning } from './situation.ts';

const SAMPLE = { images: 256, bytes: 2 ** 24 };

/**
 * Initial weights (He et al. 2015a) are made for inputs around 0 with a spread of 1. Plain bytes / 255, as in the article,
 * are well within these bounds; statistics in the wrong unit, or those of other images, are not.
 */
const FARTHEST_MEAN = 2;
const LEAST_SPREAD = 0.1;
const MOST_SPREAD = 5;

export const channels: Check = ({ train, preprocess }) => {
  const examples = sample(train, SAMPLE);
  const constant = constantChannels(examples, train.imageShape[0]);
  return [
    ...constantWarning(constant, examples.length, train),
    ...scaleWarning(
      inputStatistics(examples, preprocess, train).filter(({ channel }) => !constant.has(channel)),
      examples,
    ),
  ];
};

/** Channels that have one value in all pixels of all images, and this value. */
function constantChannels(examples: readonly Example[], channelCount: number): Map<number, number> {
  const constant = new Map<number, number>();
  for (let channel = 0; channel < channelCount; channel++) {
    const value = examples[0].image.data[channel];
    const same = examples.every(({ image: { data } }) => {
      for (let i = channel; i < data.length; i += channelCount) if (data[i] !== value) return false;
      return true;
    });
    if (same) constant.set(channel, value);
  }
  return constant;
}

function constantWarning(constant: Map<number, number>, images: number, { imageShape }: Dataset): PreflightWarning[] {
  if (constant.size === 0) return [];
  const values = [...constant].map(([channel, value]) => `channel ${channel} is always ${value}`);
  return [
    {
      check: 'constant-channel',
      message: `${constant.size} of ${counted(imageShape[0], 'channel')} never changes in ${counted(images, 'training image')}: ${listed(values)} (of 255).`,
      reason:
        constant.size === imageShape[0]
          ? 'Images that are all the same teach nothing.'
          : 'It tells the network nothing, and costs time.',
      advice: 'Look at the files: they may be empty, damaged, or written with their channels in a wrong order.',
    },
  ];
}

interface ChannelStatistics {
  readonly channel: number;
  readonly mean: number;
  readonly spread: number;
}

/** Of the network's input. */
function inputStatistics(examples: readonly Example[], preprocess: Compose, { imageShape }: Dataset) {
  const prepared = preprocess.prepare(imageShape);
  const [channelCount, height, width] = preprocess.outputShape(imageShape);
  const plane = height * width;
  const output = { channels: channelCount, height, width, data: new Float32Array(channelCount * plane) };
  const stream = randomStream({ seed: 0, purpose: 'augment' });
  const sums = new Float64Array(channelCount);
  const squares = new Float64Array(channelCount);
  for (const { image } of examples) {
    prepared(image, stream, output);
    for (let channel = 0, i = 0; channel < channelCount; channel++) {
      for (const end = i + plane; i < end; i++) {
        sums[channel] += output.data[i];
        squares[channel] += output.data[i] * output.data[i];
      }
    }
  }
  const values = examples.length * plane;
  return Array.from(sums, (sum, channel): ChannelStatistics => {
    const mean = sum / values;
    return { channel, mean, spread: Math.sqrt(Math.max(0, squares[channel] / values - mean * mean)) };
  });
}

function scaleWarning(statistics: readonly ChannelStatistics[], examples: readonly Example[]): PreflightWarning[] {
  const far = statistics.filter(
    ({ mean, spread }) => Math.abs(mean) > FARTHEST_MEAN || spread < LEAST_SPREAD || spread > MOST_SPREAD,
  );
  if (far.length === 0) return [];
  const text = far.map(
    ({ channel, mean, spread }) => `channel ${channel} has mean ${short(mean)} and deviation ${short(spread)}`,
  );
  return [
    {
      check: 'unnormalised-channel',
      message: `The network's input is not normalised, in ${counted(examples.length, 'training image')}: ${listed(text)}.`,
      reason:
        'Networks learn from inputs with a mean near 0 and a deviation near 1; the first weights are made for that.',
      advice: `End the transforms with ToTensor and Normalize, with ${ownStatistics(examples)}.`,
    },
  ];
}

/** What Normalize takes, in units of 0 to 1. */
function ownStatistics(examples: readonly Example[]): string {
  const { channels: channelCount } = examples[0].image;
  const [means, deviations]: [string[], string[]] = [[], []];
  for (let channel = 0; channel < channelCount; channel++) {
    let [sum, squares, values] = [0, 0, 0];
    for (const { image } of examples) {
      for (let i = channel; i < image.data.length; i += channelCount, values++) {
        sum += image.data[i];
        squares += image.data[i] * image.data[i];
      }
    }
    const mean = sum / values;
    means.push(short(mean / 255));
    deviations.push(short(Math.sqrt(squares / values - mean * mean) / 255));
  }
  return `mean [${means.join(', ')}] and std [${deviations.join(', ')}]`;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
