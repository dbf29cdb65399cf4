// Comparisons of networks, on Node.

export type { Claim } from './claim-texts.ts';
export type { Verdict } from './claims.ts';
export {
  type CompareOptions,
  type CompareProgress,
  type CompareReporter,
  type CompareResult,
  compareNetworks,
} from './compare.node.ts';
export type { ComparedNetwork, Comparison, CurvePoint } from './comparison.ts';
export type { Grid, Variant } from './networks.ts';
export { type CompareSettings, compareDefaults } from './settings.ts';
