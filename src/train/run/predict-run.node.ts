// Predicting image files with a trained model. A file that is missing or damaged spoils nothing for the others: it gets an
// error where they get a prediction.

import { type Channels, readImage } from '../../data/images/decode-image.node.ts';
import { createDevice, type DeviceName } from '../../devices/create-device.node.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { type ModelInput, modelInput } from '../model-input.ts';
import { type Prediction, Predictor } from '../predict.ts';
import { loadRun, type WeightsDescription } from './load-run.node.ts';
import type { Reporter } from './reporter.ts';

/** Files that are read before they are predicted together. */
const FILES_AT_ONCE = 64;

export interface PredictRunOptions extends WeightsDescription {
  /** Classes to name an image, the most probable first; 5 by default. */
  readonly top?: number;
  /** For models of MNIST's digits: find the digit on the picture and bring it into MNIST's form; true by default. */
  readonly centre?: boolean;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
  /** Its warning is called. */
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

export type FilePrediction =
  | ({ readonly file: string } & Prediction & Pick<ModelInput, 'centred' | 'inverted'>)
  | FailedPrediction;

export interface FailedPrediction {
  readonly file: string;
  /** What is wrong with the file, and what to do. */
  readonly error: string;
  readonly label: null;
  readonly probability: null;
  readonly top: readonly [];
}

/**
 * @param path a run folder or a weights file
 * @param files PNG, JPEG or WebP
 * @returns one a file, in their order
 */
export async function predictRun(
  path: string,
  files: readonly string[],
  { top, centre, reporter, signal, ...options }: PredictRunOptions = {},
): Promise<FilePrediction[]> {
  const { model, card, preprocessing, notes } = await loadRun(path, options);
  for (const note of notes) reporter?.warning?.(note);
  const [channels] = card.imageShape;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`the model takes images of ${channels} channels: pictures have 1 (grey) or 3 (colours)`);
  }
  const device = await createDevice(options.device, { threads: options.threads, strict: options.strict });
  try {
    const predictor = new Predictor({ device, model, classes: card.classes, task: card.task });
    const results: FilePrediction[] = [];
    for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
      signal?.throwIfAborted();
      const prepared = files
        .slice(start, start + FILES_AT_ONCE)
        .map((file) =>
          attempt(file, () => modelInput(readImage(file, channels as Channels), card, preprocessing, { centre })),
        );
      const inputs = prepared.flatMap((result) => ('input' in result ? [result.input] : []));
      const predictions = (await predictor.predict(inputs, { top })).values();
      for (const [i, result] of prepared.entries()) {
        if ('error' in result) results.push(result);
        else {
          const { centred, inverted } = result;
          results.push({ file: files[start + i], ...predictions.next().value!, centred, inverted });
        }
      }
    }
    return results;
  } finally {
    await device.close();
  }
}

function attempt<Result>(file: string, work: () => Result): Result | FailedPrediction {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ResiduaError)) throw error;
    const { message, hint } = error;
    const named = message.includes(file) ? message : `${file}: ${message}`;
    const whole = hint === undefined ? named : `${named.replace(/\.$/, '')}. ${hint}`;
    return { file, error: whole, label: null, probability: null, top: [] };
  }
}
