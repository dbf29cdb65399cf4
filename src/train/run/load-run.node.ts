// Opening a trained model: a run folder, or a weights file.

import type { Compose, ImageShape } from '../../data/index.ts';
import type { Module } from '../../nn/index.ts';
import type { TaskName } from '../task.ts';

export interface TrainedModel {
  /** With its weights, in evaluation mode. */
  readonly model: Module;
  /** The registry's name: 'article-resnet'. */
  readonly name: string;
  readonly classes: readonly string[];
  /** [C, H, W] of the images before preprocessing. */
  readonly imageShape: ImageShape;
  /** From such an image to the network's input. */
  readonly preprocessing: Compose;
  readonly task: TaskName;
  /** What it was trained on: a name of the catalog, or a folder. */
  readonly dataset: string;
  /** The weights file. */
  readonly file: string;
}

/** @param path a run folder, or a weights file (.safetensors) written by Residua */
export async function loadRun(path: string): Promise<TrainedModel> {
  throw new Error(`not there yet: ${path}`);
}
