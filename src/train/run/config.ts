// The configuration of a run: everything that reproduces it, as config.json keeps it. What the user leaves out comes from
// the recipe; what is written down has nothing left open.

import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { shortcutOptions } from '../../models/index.ts';
import { activationNames } from '../../nn/index.ts';
import type { TransformChoices } from '../default-transforms.ts';
import { recipeNames } from '../recipes.ts';
import { taskNames } from '../task.ts';

const fraction = z.number().min(0).max(1);
const belowOne = z.number().min(0).lt(1);
const nonNegative = z.number().min(0);
const positive = z.number().positive();
const count = z.int().min(1);

const decay = { weightDecay: nonNegative.optional(), decayNormAndBias: z.boolean().optional() };
const moments = { betas: z.tuple([belowOne, belowOne]).optional(), eps: positive.optional(), ...decay };

export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    momentum: nonNegative.optional(),
    dampening: nonNegative.optional(),
    nesterov: z.boolean().optional(),
    ...decay,
  }),
  z.strictObject({ name: z.literal('adam'), ...moments }),
  z.strictObject({ name: z.literal('adamw'), ...moments }),
]);

const warmUp = { warmUpEpochs: nonNegative.optional() };

export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant'), ...warmUp }),
  z.strictObject({ name: z.literal('step'), everyEpochs: positive, gamma: positive.optional(), ...warmUp }),
  z.strictObject({
    name: z.literal('multi-step'),
    milestones: z.array(fraction).optional(),
    gamma: positive.optional(),
    ...warmUp,
  }),
  z.strictObject({ name: z.literal('cosine'), finalScale: fraction.optional(), ...warmUp }),
  z.strictObject({
    name: z.literal('one-cycle'),
    pctStart: fraction.optional(),
    divFactor: positive.optional(),
    finalDivFactor: positive.optional(),
    ...warmUp,
  }),
]);

const oneAStage = z.array(count).min(3).max(4);

/** What may be chosen about a model besides its name; classes, channels and the seed come from elsewhere. */
export const modelOptionsSchema = z.strictObject({
  layers: oneAStage.optional(),
  widths: oneAStage.optional(),
  shortcut: z.enum(shortcutOptions).optional(),
  activation: z.enum(activationNames).optional(),
  normalise: z.boolean().optional(),
  dropout: belowOne.optional(),
  zeroInitResidual: z.boolean().optional(),
});

/** Its arguments are checked where the transform is made: src/data/transforms/from-config.ts. */
const transformSchema = z.looseObject({ name: z.string() });

export const runConfigSchema = z.strictObject({
  recipe: z.enum(recipeNames),
  /** A name of the catalog, or a folder: of images, or with the files of a data set of the catalog. */
  dataset: z.string().min(1),
  /** Uses the first so many images of the training set and of the test set; null for all. */
  limit: count.nullable(),
  /** Training images held out at random and evaluated after each epoch; 0 for none. */
  validationImages: z.int().min(0),
  model: z.string().min(1),
  modelOptions: modelOptionsSchema,
  task: z.enum(taskNames),
  labelSmoothing: fraction,
  transforms: z.strictObject({ train: z.array(transformSchema), test: z.array(transformSchema) }),
  /** Alphas of Mixup and CutMix (src/data/mix.ts); 0 for none. */
  mixup: nonNegative,
  cutmix: nonNegative,
  epochs: count,
  /** Images at once. */
  batchSize: count,
  /** Batches a step: their gradients are added up. */
  accumulate: count,
  /** The largest of the schedule. */
  learningRate: nonNegative,
  optimizer: optimizerSchema,
  schedule: scheduleSchema,
  /** The gradient's greatest length, over all parameters; null: it is never shortened. */
  clipGradNorm: positive.nullable(),
  /** The moving average of the weights that is validated, tested and saved; null: the weights themselves are. */
  ema: z.strictObject({ decay: belowOne, warmUp: z.boolean() }).nullable(),
  /** Epochs without a better validation that end the run, at its best weights; null: it goes on to the last epoch. */
  patience: count.nullable(),
  /** The file that the first weights come from; null: they are random. */
  weights: z.string().min(1).nullable(),
  /** Stages (stem, layer1, ...) and layers that stay as they are. */
  freeze: z.array(z.string().min(1)),
  /** Of first weights, order, augmentation and dropout. */
  seed: z.int().min(0),
  device: z.enum(['auto', 'cpu', 'gpu', 'reference']),
  /** null for the number of cores. Results don't depend on it. */
  threads: count.nullable(),
  /** Without relaxed SIMD: the same bits on every machine. */
  strict: z.boolean(),
  /** Steps between log points; the end of an epoch is one too. */
  logEvery: count,
  /** Whether the log has the norms of gradients, weights and activations, layer by layer. */
  layerStats: z.boolean().default(true),
  /** At most so much time lies between two checkpoints, in seconds; the end of an epoch has one, too. 0: one a step. */
  checkpointSeconds: nonNegative,
  /** How it was begun on the command line; undefined where it was not. */
  command: z.string().optional(),
  /** What wrote this, in Node or in a browser (as its user agent says). */
  versions: z.strictObject({ residua: z.string(), node: z.string().optional(), browser: z.string().optional() }),
});

export type RunConfig = z.infer<typeof runConfigSchema>;
export type ModelChoices = z.infer<typeof modelOptionsSchema>;

/**
 * What a user may say; everything is optional. An optimizer or schedule may be given by its name alone: the recipe's
 * settings where it is the recipe's own, that optimizer's usual ones otherwise.
 */
export type RunOverrides = Partial<Omit<RunConfig, 'versions' | 'optimizer' | 'schedule' | 'recipe'>> & {
  readonly recipe?: string;
  readonly optimizer?: string | RunConfig['optimizer'];
  readonly schedule?: string | RunConfig['schedule'];
} & Partial<TransformChoices>;

/** Fields named in one message; where more are wrong, the file is something else altogether. */
const MOST_PROBLEMS = 5;

/**
 * @param source what the message begins with: the file's name
 * @param hint what to do where it is wrong
 * @throws UsageError that names the fields that are wrong, what was expected and what was found
 */
export function parseRunConfig(json: unknown, source: string, hint?: string): RunConfig {
  const parsed = runConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  const more = problems.length - MOST_PROBLEMS;
  const told = [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
  throw new UsageError(`${source}: ${told.join('; ')}`, { hint });
}
