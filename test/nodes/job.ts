// What must come to the same bits in every engine: a short training with everything that computes switched on, a network of
// another kind, and a digit found on a photograph. Sent as text, so it refers to nothing outside of itself.

import type { Library } from '../browser/chromium.ts';

export interface Setting {
  readonly threads: number;
  readonly strict: boolean;
  /**
   * Wait for vectors of 256 bits. A browser begins in the baseline compiler's code, which has none, so the first device there
   * may find that vectors are narrow.
   */
  readonly awaitWide: boolean;
}

export interface Computed {
  /** Of the vectors that were computed on. */
  readonly vectorBits: number | undefined;
  /** The SHA-256 of each result, by its name. */
  readonly results: Record<string, string>;
}

export async function computeEverything(library: Library, { threads, strict, awaitWide }: Setting): Promise<Computed> {
  const { createDevice, createModel, train, evaluate, weightsHash, createTask, ArrayDataset, DataLoader } = library;
  const { randomStream, fromConfig, modelInput, linearWarmUp, cosineAnnealingLR, oneCycleLR } = library;
  const { AdamW, SGD, ModelEma } = library;
  const sha256 = async (data: Uint8Array<ArrayBuffer>) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const hashOf = (value: unknown) => sha256(new TextEncoder().encode(JSON.stringify(value)));

  const random = randomStream({ seed: 1, purpose: 'augment' });
  const length = 72;
  const classes = Array.from({ length: 10 }, (_, i) => `${i}`);
  const dataset = new ArrayDataset({
    name: 'made',
    classes,
    imageShape: [3, 24, 24],
    images: Uint8Array.from({ length: length * 3 * 24 * 24 }, () => random.integer(256)),
    labels: Uint8Array.from({ length }, () => random.integer(10)),
  });
  const normalised = [{ name: 'ToTensor' }, { name: 'Normalize', mean: [0.5, 0.4, 0.3], std: [0.3, 0.3, 0.2] }];
  const varied = fromConfig([
    { name: 'Resize', size: 28 },
    { name: 'RandomResizedCrop', size: 24, scale: [0.25, 1] },
    { name: 'RandomHorizontalFlip' },
    { name: 'TrivialAugmentWide' },
    { name: 'ColorJitter', brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.2 },
    {
      name: 'RandomAffine',
      degrees: 20,
      translate: [0.1, 0.1],
      scale: [0.8, 1.2],
      shear: 10,
      interpolation: 'bilinear',
    },
    ...normalised,
    { name: 'RandomErasing', p: 0.3 },
  ]);
  const options = { batchSize: 16, shuffle: true, seed: 2, transform: varied };
  const mixed = new DataLoader(dataset, { ...options, mix: { mixup: 0.2, cutmix: 1 } });
  const plain = new DataLoader(dataset, { batchSize: 20, transform: fromConfig(normalised) });

  let device = await createDevice('cpu', { threads, strict });
  for (let trial = 0; awaitWide && device.vectorBits !== 256 && trial < 50; trial++) {
    await device.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    device = await createDevice('cpu', { threads, strict });
  }
  if (device.threads !== threads) throw new Error(`${threads} threads wanted, ${device.threads} there`);
  const shape = { classes: 10, inChannels: 3, imageSize: 24, layers: [1, 1, 1], dropout: 0.1, seed: 3 };
  const results: Record<string, string> = {};

  const article = () => createModel('article-resnet', { ...shape, widths: [16, 32, 64] });
  const model = article();
  const ema = new ModelEma(model, article(), { decay: 0.9, warmUp: true });
  const log: unknown[] = [];
  await train({
    device,
    model,
    ema,
    loader: mixed,
    task: createTask('single-label', { labelSmoothing: 0.1, mixed: true }),
    optimizer: new AdamW(model.parameters(), { weightDecay: 0.05 }),
    learningRate: oneCycleLR({ maxLearningRate: 0.01, steps: 6 }),
    epochs: 2,
    accumulate: 2,
    clipGradNorm: 1,
    logEvery: 1,
    onLog: ({ imagesPerSecond: _, ...point }) => void log.push(point),
  });
  const { seconds: _, ...measured } = await evaluate({ device, model: ema.model, loader: plain });
  for (const own of [model, ema.model]) for (const variable of own.stateDict().values()) await device.read(variable);
  results.weights = await weightsHash(model);
  results.average = await weightsHash(ema.model);
  results.log = await hashOf(log);
  results.evaluation = await hashOf(measured);

  const smooth = createModel('article-resnet', { ...shape, widths: [8, 12, 16], activation: 'gelu', shortcut: '1x1' });
  await train({
    device,
    model: smooth,
    loader: new DataLoader(dataset, options),
    optimizer: new SGD(smooth.parameters(), { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    learningRate: linearWarmUp(cosineAnnealingLR({ learningRate: 0.05, steps: 5 }), { steps: 2 }),
    epochs: 1,
  });
  for (const variable of smooth.stateDict().values()) await device.read(variable);
  results['weights, GELU and SGD'] = await weightsHash(smooth);
  await device.close();

  // A ring of ink on paper that is lit from one side.
  const [width, height] = [90, 70];
  const data = new Uint8Array(width * height).map((_, i) => {
    const [x, y] = [(i % width) - 40, Math.floor(i / width) - 30];
    const far = Math.abs(Math.sqrt(x * x + 1.5 * y * y) - 18);
    return Math.round((far < 3 ? 40 : 200) + x / 3 + random.integer(9));
  });
  const card = { model: 'article-resnet', options: shape, classes, task: 'single-label' as const, dataset: 'mnist' };
  const preprocessing = [{ name: 'ToTensor' }];
  const digit = modelInput(
    { channels: 1, width, height, data },
    { ...card, imageShape: [1, 28, 28], preprocessing },
    fromConfig(preprocessing),
  );
  if (!digit.centred) throw new Error('no digit was found on the photograph');
  results['digit on a photograph'] = await sha256(Uint8Array.from(digit.seen.data));
  return { vectorBits: device.vectorBits, results };
}
