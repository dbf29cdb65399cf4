// Files beside the page as a backend: what `residua studio --build` wrote. There is no one to train but the tab itself.

import type { Image } from '../../data/image.ts';
import type { SplitName } from '../../data/index.ts';
import { ResiduaError } from '../../errors.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import {
  type Catalogue,
  DATA_TENSORS,
  type DataSplit,
  type EvaluationAnswer,
  type ExportFormat,
  type MetricsAnswer,
  STATIC_MANIFEST,
  type StaticManifest,
  type StaticRun,
  type StudioEvent,
} from '../protocol.ts';
import type { Backend } from './backend.ts';
import { imageAddress } from './components/pixels.ts';

export class StaticBackend implements Backend {
  readonly kind = 'static';
  readonly exportFormats = ['safetensors'] as const;
  #manifest: Promise<StaticManifest> | undefined;
  #loaded: StaticManifest | undefined;
  /** By address. */
  readonly #files = new Map<string, Promise<Uint8Array>>();
  readonly #images = new Map<string, Promise<(index: number) => Image>>();

  subscribe(onEvent: (event: StudioEvent) => void, onConnection: (connected: boolean) => void): () => void {
    let wanted = true;
    this.#load().then(
      ({ runs }) => {
        if (wanted) onConnection(true);
        if (wanted) onEvent({ type: 'snapshot', runs: runs.map(({ run }) => run), comparisons: [] });
      },
      () => wanted && onConnection(false),
    );
    return () => {
      wanted = false;
    };
  }

  async catalogue(): Promise<Catalogue> {
    return (await this.#load()).catalogue;
  }

  detail = async (id: string) => (await this.#run(id)).run;

  async metrics(id: string, after: number): Promise<MetricsAnswer> {
    return { from: after, points: (await this.#run(id)).metrics.slice(after) };
  }

  model = async (id: string) => this.#file((await this.#run(id)).model);

  async evaluation(id: string): Promise<EvaluationAnswer> {
    const { evaluation } = await this.#run(id);
    if (evaluation) return evaluation;
    throw new ResiduaError('this build has no evaluation of that run');
  }

  async runImage(id: string, split: SplitName, index: number): Promise<string> {
    const { run } = await this.#run(id);
    return this.image(run.config?.dataset ?? '', split === 'test' ? 'test' : 'train', index);
  }

  async image(dataset: string, split: DataSplit, index: number): Promise<string> {
    const key = `${dataset} ${split}`;
    const images = this.#images.get(key) ?? this.data(dataset, split).then(imagesOf);
    this.#images.set(key, images);
    return imageAddress((await images)(index));
  }

  async data(dataset: string, split: DataSplit): Promise<Uint8Array> {
    const { data } = await this.#load();
    const path = data.find((entry) => entry.dataset === dataset)?.[split];
    if (!path) throw new ResiduaError(`this build does not have the ${split} images of ${dataset}`);
    return this.#file(path);
  }

  async exportFile(id: string, _to: ExportFormat) {
    return { url: (await this.#run(id)).model, fileName: `${id.replace(':', '-')}.safetensors` };
  }

  report(id: string): string | null {
    return this.#loaded?.runs.find(({ run }) => run.id === id)?.report ?? null;
  }

  resolve = refuse;
  start = refuse;
  pause = refuse;
  resume = refuse;
  remove = refuse;
  compare = refuse;
  comparison = refuse;
  stopComparison = refuse;
  resumeComparison = refuse;
  removeComparison = refuse;

  comparisonReport(): never {
    throw new ResiduaError('this build has no comparisons');
  }

  #load(): Promise<StaticManifest> {
    this.#manifest ??= fetchFile(STATIC_MANIFEST).then((file) => {
      this.#loaded = JSON.parse(new TextDecoder().decode(file)) as StaticManifest;
      return this.#loaded;
    });
    return this.#manifest;
  }

  async #run(id: string): Promise<StaticRun> {
    const found = (await this.#load()).runs.find(({ run }) => run.id === id);
    if (found) return found;
    throw new ResiduaError(`this build has no run called '${id}'`);
  }

  #file(path: string): Promise<Uint8Array> {
    const known = this.#files.get(path) ?? fetchFile(path);
    this.#files.set(path, known);
    return known;
  }
}

async function refuse(): Promise<never> {
  throw new ResiduaError('there is no server behind this page', {
    hint: 'Train in this tab, or install Residua and run `residua studio`.',
  });
}

/** Unpacked, where a file is gzipped and its host does not say so. */
async function fetchFile(path: string): Promise<Uint8Array> {
  const response = await fetch(path);
  if (!response.ok) throw new ResiduaError(`${path} could not be loaded: ${response.status} ${response.statusText}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

function imagesOf(file: Uint8Array): (index: number) => Image {
  const images = readSafetensors(file, 'the data').tensors.get(DATA_TENSORS.images);
  if (!images) throw new ResiduaError('the data has no images');
  const [, height, width, channels] = images.shape;
  const size = height * width * channels;
  const all = images.data as Uint8Array;
  return (index) => ({ width, height, channels, data: all.subarray(index * size, (index + 1) * size) });
}
