// The picture that networks are shown: what was drawn, or an image. Draw and Look inside share it.

import { signal } from '@preact/signals';
import type { ModelCard } from '../../../train/model-file.ts';
import { takesCentredDigits } from '../../../train/model-input.ts';
import type { RunView } from '../../protocol.ts';
import { readPicture } from '../components/pixels.ts';
import { type Stroke, toPicture } from '../draw/strokes.ts';
import type { Picture } from '../engine/network-jobs.ts';
import { backend } from './backend.ts';
import { storeOf } from './runs.ts';

export type Source =
  | { readonly kind: 'drawing'; readonly strokes: readonly Stroke[] }
  | {
      readonly kind: 'image';
      readonly picture: Picture;
      /** Of the test set that it is from; undefined for an image of the visitor's. */
      readonly testIndex?: number;
    };

export const blank: Source = { kind: 'drawing', strokes: [] };

export const source = signal<Source>(blank);

/** Whether drawings are turned to light on dark, as networks of grey images know theirs. Digits are turned by themselves. */
export const lightOnDark = signal(true);

export const mayBeInverted = (card: ModelCard): boolean => card.imageShape[0] === 1 && !takesCentredDigits(card);

/** What a network is given. undefined where nothing is drawn. */
export function pictureFor(shown: Source, card: ModelCard, inverted: boolean): Picture | undefined {
  if (shown.kind === 'image') return shown.picture;
  if (shown.strokes.length === 0) return undefined;
  if (card.imageShape[0] !== 1) return toPicture(shown.strokes, {});
  return toPicture(shown.strokes, mayBeInverted(card) && inverted ? { paper: '#000', ink: '#fff' } : { ink: '#000' });
}

/** Shows an image file. @throws ResiduaError where it is none */
export async function showFile(file: Blob): Promise<void> {
  source.value = { kind: 'image', picture: await readPicture(file) };
}

/** Shows an image of the run's test set. @param index a random one by default */
export async function showTestImage(run: RunView, index?: number): Promise<void> {
  const store = storeOf(run.id);
  const testIndex = index ?? Math.floor(Math.random() * (await testImagesOf(run)));
  const picture = await readPicture(await store.runImage(run.id, 'test', testIndex));
  source.value = { kind: 'image', picture, testIndex };
}

async function testImagesOf(run: RunView): Promise<number> {
  const tested = (await storeOf(run.id).detail(run.id)).summary?.test?.images;
  if (tested) return tested;
  const { datasets } = await backend.catalogue();
  return run.config?.limit ?? datasets.find(({ name }) => name === run.config?.dataset)?.testImages ?? 1;
}
