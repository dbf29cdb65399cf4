// A complete configuration on Node: data sets by name or folder, weights by their absolute path.

import { resolve } from 'node:path';
import type { RunConfig, RunOverrides } from './config.ts';
import { findDataset } from './datasets.node.ts';
import { completeConfig } from './resolve-config.ts';

/**
 * @param overrides undefined fields count as not said
 * @throws UsageError for an unknown recipe, data set or model, and for values that are out of range
 */
export function resolveRunConfig(overrides: RunOverrides = {}): RunConfig {
  const { weights } = overrides;
  const absolute = weights ? { ...overrides, weights: resolve(weights) } : overrides;
  return completeConfig(absolute, { findDataset, versions: { node: process.versions.node } });
}
