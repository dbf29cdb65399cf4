// The data sets that are known by name.

import { UsageError } from '../errors.ts';
import { cifar10, cifar100, cifar100Coarse } from './catalog/cifar.ts';
import type { DatasetDescription } from './catalog/description.ts';
import { fashionMnist, mnist } from './catalog/mnist.ts';

export const catalog: readonly DatasetDescription[] = [mnist, fashionMnist, cifar10, cifar100, cifar100Coarse];

/** @throws UsageError that lists the names there are */
export function describeDataset(name: string): DatasetDescription {
  const found = catalog.find((entry) => entry.name === name);
  if (found === undefined) {
    throw new UsageError(`there is no data set named '${name}'`, {
      hint: `Known data sets: ${catalog.map((entry) => entry.name).join(', ')}.`,
    });
  }
  return found;
}
