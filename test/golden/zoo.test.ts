// The networks of the zoo against PyTorch: names and shapes of the state dict in order, parameters, logits. The first three
// are torchvision's own classes, the others a second implementation (make-zoo.py).

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCpuDevice } from '../../src/devices/cpu/device.node.ts';
import type { Device } from '../../src/devices/device.ts';
import { countParameters, createModel, type ModelOptions } from '../../src/models/index.ts';
import { Input } from '../../src/tensor/index.ts';
import { relativeError } from '../compare.ts';
import { fillByFormula } from './formula.ts';

interface GoldenModel {
  readonly parameters: number;
  readonly logits_first_10: readonly (readonly number[])[];
  /** Of each image's logits. */
  readonly logits_norm: readonly number[];
}

interface Case extends GoldenModel {
  readonly name: string;
  readonly options: Partial<ModelOptions>;
  readonly size: number;
  readonly classes: number;
  /** `layer1.0.conv1.weight 64x64x3x3`, in order. */
  readonly state_dict: readonly string[];
}

type StateDict = readonly (readonly [name: string, shape: readonly number[]])[];

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));

const torchvision: {
  seed: number;
  size: number;
  models: Record<string, GoldenModel & { readonly state_dict: StateDict }>;
} = read('torchvision.json');
const zoo: { seed: number; models: readonly Case[] } = read('zoo.json');

const lineOf = (name: string, shape: readonly number[]) => `${name} ${shape.join('x')}`.trim();

const cases: readonly Case[] = [
  ...Object.entries(torchvision.models).map(([name, golden]) => ({
    ...golden,
    name,
    options: {},
    size: torchvision.size,
    classes: 1000,
    state_dict: golden.state_dict.map((entry) => lineOf(...entry)),
  })),
  ...zoo.models,
];

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

describe('the zoo equals PyTorch', () => {
  let device: Device;
  beforeAll(async () => {
    device = await createNodeCpuDevice({ threads: 2 });
  });
  afterAll(() => device.close());

  it('with the same formula for both files', () => expect(zoo.seed).toBe(torchvision.seed));

  it.each(cases.map((golden) => [golden.name, JSON.stringify(golden.options), golden] as const))(
    '%s %s',
    async (name, _, { options, size, classes, ...golden }) => {
      const model = createModel(name, { classes, inChannels: 3, imageSize: size, seed: 0, ...options });
      expect([...model.stateDict()].map(([key, { shape }]) => lineOf(key, shape))).toEqual(golden.state_dict);
      expect(countParameters(model)).toBe(golden.parameters);

      const imageShape = [2, 3, size, size];
      const images = fillByFormula(model, zoo.seed, imageShape);
      const program = await device.compile({
        outputs: { logits: model.eval().forward(new Input('images', imageShape)) },
      });
      const { logits } = await program.run({ images });
      const each = [logits.subarray(0, classes), logits.subarray(classes)];
      golden.logits_first_10.forEach((wanted, i) => {
        expect(relativeError(each[i].subarray(0, 10), wanted)).toBeLessThan(1e-4);
        expect(relativeError([norm(each[i])], [golden.logits_norm[i]])).toBeLessThan(1e-4);
      });
    },
  );
});
