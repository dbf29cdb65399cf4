// How the training and test images are spread over the classes: classes without any, and so few of one beside another that
// a network does well by forgetting it. With several labels an image, each label is a question of yes or no of its own.

import type { Dataset } from '../../data/index.ts';
import { count, percent } from '../../format.ts';
import { type Check, listed, type PreflightWarning } from './situation.ts';

/** Times as many images of the largest class as of the smallest from which the smallest suffers. */
const HEAVY = 10;
/** The share of images with a label below which (or without, above which) the network may learn to say the same always. */
const RARE = 0.01;

/** Images of each class; with several labels an image, one counts for each of them. */
export function classCounts(dataset: Dataset): number[] {
  const counts = dataset.classes.map(() => 0);
  for (let i = 0; i < dataset.length; i++) {
    const { label, labels } = dataset.labelOf?.(i) ?? dataset.get(i);
    if (labels === undefined) counts[label]++;
    else for (let k = 0; k < counts.length; k++) counts[k] += labels[k];
  }
  return counts;
}

export const classBalance: Check = ({ train, test }) => {
  const trained = classCounts(train);
  return [
    ...emptyInTraining(train, trained),
    ...emptyInTest(
      test,
      train.classes.filter((_, k) => trained[k] > 0),
    ),
    ...(train.multiLabel ? rareLabels(train, trained) : imbalance(train, trained)),
  ];
};

function emptyInTraining({ classes, length }: Dataset, counts: readonly number[]): PreflightWarning[] {
  const empty = classes.filter((_, k) => counts[k] === 0);
  if (empty.length === 0) return [];
  return [
    {
      check: 'empty-class',
      message: `${empty.length} of the ${classes.length} classes ${have(empty)} no image among the ${count(length)} to train on: ${listed(empty)}.`,
      reason: 'They cannot be learned: all of their test images will be wrong.',
      advice: 'Add images of them, raise --limit where there is one, or leave the classes out.',
    },
  ];
}

function emptyInTest(test: Dataset, trained: readonly string[]): PreflightWarning[] {
  const counts = classCounts(test);
  const empty = trained.filter((name) => counts[test.classes.indexOf(name)] === 0);
  if (empty.length === 0) return [];
  return [
    {
      check: 'untested-class',
      message: `${empty.length} of the ${test.classes.length} classes ${have(empty)} no image among the ${count(test.length)} to test on: ${listed(empty)}.`,
      reason: 'The accuracy says nothing about them.',
      advice: 'Add test images of them, or raise --limit where there is one.',
    },
  ];
}

function imbalance({ classes }: Dataset, counts: readonly number[]): PreflightWarning[] {
  const present = counts.filter((images) => images > 0);
  const [least, most] = [Math.min(...present), Math.max(...present)];
  if (present.length < 2 || most < HEAVY * least) return [];
  const few = classes.filter((_, k) => counts[k] > 0 && most >= HEAVY * counts[k]);
  return [
    {
      check: 'class-imbalance',
      message: `'${classes[counts.indexOf(most)]}' has ${count(most)} training images and '${classes[counts.indexOf(least)]}' ${count(least)}: ${times(most / least)} as many. Classes with a tenth of the largest or less: ${listed(few)}.`,
      reason: 'The loss hardly notices rare classes: accuracy can be high while they are never recognised.',
      advice:
        'Add images of the rare classes or leave some of the frequent ones out, and read the recall of each class.',
    },
  ];
}

function rareLabels({ classes, length }: Dataset, counts: readonly number[]): PreflightWarning[] {
  const rare = (share: number) => share > 0 && share < RARE;
  const lopsided = classes.flatMap((name, k) => {
    const share = counts[k] / length;
    return rare(share) || share > 1 - RARE ? [`${name} (${percent(share)})`] : [];
  });
  if (lopsided.length === 0) return [];
  return [
    {
      check: 'class-imbalance',
      message: `${lopsided.length} of the ${classes.length} labels ${lopsided.length === 1 ? 'is' : 'are'} the same for more than ${percent(1 - RARE, 0)} of the ${count(length)} training images: ${listed(lopsided)}.`,
      reason: 'Always giving the frequent answer is nearly always right, so the network may learn no more than that.',
      advice: 'Add images with the rare answer, and read the average precision of each label.',
    },
  ];
}

const have = (names: readonly string[]): string => (names.length === 1 ? 'has' : 'have');

const times = (ratio: number): string => `${ratio < 100 ? Number(ratio.toFixed(1)) : count(Math.round(ratio))} times`;
