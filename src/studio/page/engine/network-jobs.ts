// What the worker does with trained networks: opens one, predicts, explains, shows what its layers put out. A network stays open
// under a key (its run and version), with its programs compiled; the two used last are kept.

import type { Image } from '../../../data/image.ts';
import { luma } from '../../../data/luma.ts';
import { createDevice } from '../../../devices/create-device.browser.ts';
import type { Device } from '../../../devices/device.ts';
import { UsageError } from '../../../errors.ts';
import { enlargeHeatMap, FeatureMaps, GradCam, type HeatMap } from '../../../explain/index.ts';
import { type ModelCard, type ModelFile, readModelFile } from '../../../train/model-file.ts';
import { modelInput } from '../../../train/model-input.ts';
import { Predictor } from '../../../train/predict.ts';
import { describeNetwork, type NetworkDescription } from './describe-network.ts';

/** More threads than this gain nothing for one image. */
const THREADS = 4;
const KEPT = 2;

interface OpenNetwork {
  readonly file: ModelFile;
  readonly device: Device;
  readonly predictor: Predictor;
  readonly gradCam: GradCam;
  /** By the layer asked for. */
  readonly featureMaps: Map<string, FeatureMaps>;
}

/** The one used last stands last. */
const networks = new Map<string, Promise<OpenNetwork>>();

const timed = new WeakSet<Predictor>();

/** A picture as a canvas gives it: RGBA, opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export interface OpenedNetwork {
  readonly card: ModelCard;
  readonly network: NetworkDescription;
}

interface Asked {
  readonly key: string;
  readonly picture: Picture;
}

export const networkJobs = {
  isOpen: ({ key }: { key: string }): boolean => networks.has(key),

  /** @param bytes the model file; not needed where it is open */
  async open({ key, bytes }: { key: string; bytes?: Uint8Array }): Promise<OpenedNetwork> {
    if (!networks.has(key) && bytes) networks.set(key, openNetwork(bytes));
    const { file } = await use(key);
    return { card: file.card, network: describeNetwork(file) };
  },

  async predict({ key, picture }: Asked) {
    const { file, predictor } = await use(key);
    const { input, ...seen } = prepare(file, picture);
    const ask = () => predictor.predict([input], { top: file.card.classes.length });
    // The first answer compiles the network; its time says nothing.
    if (!timed.has(predictor)) await ask();
    timed.add(predictor);
    const begun = performance.now();
    const [{ top }] = await ask();
    return { probabilities: top, ...seen, milliseconds: performance.now() - begun };
  },

  /** Where the network sees what speaks for a class, by its index; for the likeliest one by default. */
  async explain({ key, picture, target }: Asked & { target?: number }) {
    const { file, gradCam } = await use(key);
    const { input, seen, frame } = prepare(file, picture);
    const { layer, target: explained, ...map } = await gradCam.explain(input, { target });
    return { heat: cropTo(enlargeHeatMap(map, input.height, input.width), seen), frame, explained, layer };
  },

  async features({ key, picture, layer }: Asked & { layer: string }) {
    const { file, device, featureMaps } = await use(key);
    const maps = featureMaps.get(layer) ?? new FeatureMaps({ device, model: file.model, layers: [layer] });
    featureMaps.set(layer, maps);
    const [map] = await maps.run(prepare(file, picture).input);
    return map;
  },

  /** Of the first convolution. */
  async firstWeights({ key }: { key: string }) {
    const { file } = await use(key);
    const first = [...file.model.stateDict()].find(([, { shape }]) => shape.length === 4);
    if (!first) throw new UsageError('this network has no convolution');
    const [name, { shape, value }] = first;
    return { name, shape, data: Float32Array.from(value) };
  },
};

/** Preprocessing that pads leaves a rim around what is seen. */
function cropTo(map: HeatMap, { height, width }: Image): HeatMap {
  if (map.height < height || map.width < width) return map;
  const [top, left] = [(map.height - height) >> 1, (map.width - width) >> 1];
  const at = (i: number) => map.data[(top + Math.floor(i / width)) * map.width + left + (i % width)];
  return { height, width, data: Float32Array.from({ length: height * width }, (_, i) => at(i)) };
}

async function openNetwork(bytes: Uint8Array): Promise<OpenNetwork> {
  const file = readModelFile(bytes, 'the model');
  const { card, model } = file;
  const device = await createDevice('auto', { threads: Math.min(THREADS, navigator.hardwareConcurrency) });
  const predictor = new Predictor({ device, model, classes: card.classes, task: card.task });
  return { file, device, predictor, gradCam: new GradCam({ device, model }), featureMaps: new Map() };
}

async function use(key: string): Promise<OpenNetwork> {
  const network = networks.get(key);
  if (!network) throw new UsageError('this network is not open any more');
  networks.delete(key);
  networks.set(key, network);
  for (const [old, other] of [...networks].slice(0, -KEPT)) {
    networks.delete(old);
    void other.then(({ device }) => device.close());
  }
  try {
    return await network;
  } catch (error) {
    networks.delete(key);
    throw error;
  }
}

function prepare({ card, preprocessing }: ModelFile, picture: Picture) {
  return modelInput(toImage(picture, card.imageShape[0]), card, preprocessing);
}

function toImage({ width, height, data: rgba }: Picture, channels: number): Image {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0, from = 0; i < data.length; i += channels, from += 4) {
    if (channels === 1) data[i] = luma(rgba[from], rgba[from + 1], rgba[from + 2]);
    else for (let c = 0; c < channels; c++) data[i + c] = rgba[from + c];
  }
  return { width, height, channels, data };
}
