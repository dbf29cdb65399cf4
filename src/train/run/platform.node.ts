// Where runs run on Node: data sets from files and mirrors, devices with worker threads, batches prepared ahead by another.

import { createLoader } from '../../data/node.ts';
import { createDevice } from '../../devices/create-device.node.ts';
import { readWeightsFile } from '../../formats/weights.node.ts';
import { type BuiltRun, buildRun, type Platform } from './build.ts';
import type { RunConfig } from './config.ts';
import { findDataset } from './datasets.node.ts';
import type { Reporter } from './reporter.ts';

const nodePlatform: Platform = { findDataset, createDevice, createLoader, readWeights: readWeightsFile };

/** @param options.threads instead of those of the configuration */
export function buildOnNode(
  config: RunConfig,
  { threads, ...options }: { readonly reporter: Reporter; readonly resumed: boolean; readonly threads?: number },
): Promise<BuiltRun> {
  return buildRun({ ...config, threads: threads ?? config.threads }, { ...options, platform: nodePlatform });
}
