// Every operation, forward and backward, against PyTorch's numbers on every device.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/devices/device.ts';
import { createReferenceDevice } from '../../src/devices/reference/device.ts';
import { BatchNorm2d } from '../../src/nn/index.ts';
import * as t from '../../src/tensor/index.ts';
import { gradients, type Tensor } from '../../src/tensor/index.ts';
import { relativeError } from '../compare.ts';
import { devices } from '../devices.ts';
import { type Golden, listGolden, readGolden, section, variableOf } from '../golden.ts';

/** float64 arithmetic against PyTorch's differs only by the rounding of the stored float32 results. */
const boundOf = (device: string) => (device === 'reference' ? 1e-6 : 2e-5);

/**
 * PyTorch treats these as constants, so its files hold zeros for them. Residua differentiates by everything: here the
 * reference device is the oracle, and finite differences (test/finite-differences.test.ts) are the reference's.
 */
const constantsInPyTorch = ['running_mean', 'running_var', 'target'];

type Build = (inputs: Readonly<Record<string, Tensor>>, attributes: Golden['attributes']) => Tensor;

/** By the beginning of the file's name. */
const operations: Readonly<Record<string, Build>> = {
  'op-conv2d': ({ x, weight, bias }, { stride, padding, groups = '1' }) =>
    t.conv2d(x, weight, { bias, stride: Number(stride), padding: Number(padding), groups: Number(groups) }),
  'op-linear': ({ x, weight, bias }) => t.linear(x, weight, bias),
  'op-relu': ({ x }) => t.relu(x),
  'op-sigmoid': ({ x }) => t.sigmoid(x),
  'op-tanh': ({ x }) => t.tanh(x),
  'op-gelu': ({ x }) => t.gelu(x),
  'op-silu': ({ x }) => t.silu(x),
  'op-maxpool': ({ x }, { kernel, stride, padding }) =>
    t.maxPool2d(x, Number(kernel), { stride: Number(stride), padding: Number(padding) }),
  'op-avgpool': ({ x }, { kernel }) => t.avgPool2d(x, Number(kernel)),
  'op-pad-channels': ({ x }, { extra }) => t.padChannels(x, Number(extra)),
  'op-global-avgpool': ({ x }) => t.globalAvgPool2d(x),
  'op-batchnorm-eval': ({ x, weight, bias, running_mean, running_var }, { eps }) =>
    t.batchNorm(x, { mean: running_mean, variance: running_var }, { weight, bias }, Number(eps)),
  'op-batchnorm-train': ({ x, weight, bias }, { eps }) =>
    t.batchNorm(x, { mean: t.channelMean(x), variance: t.channelVariance(x) }, { weight, bias }, Number(eps)),
  'op-cross-entropy': ({ logits, target }, { label_smoothing = '0' }) =>
    t.softmaxCrossEntropy(logits, target, { labelSmoothing: Number(label_smoothing) }),
  'op-bce-with-logits': ({ logits, target }) => t.binaryCrossEntropy(logits, target),
};

function operationOf(file: string): Build {
  const name = file.replace(/-\d+$/, '').replace(/-smooth$/, '');
  const build = operations[name];
  if (!build) throw new Error(`no operation is known for ${file}`);
  return build;
}

describe.each(devices)('on $name', ({ name: deviceName, create }) => {
  let device: Device;
  beforeAll(async () => {
    device = await create();
  });
  afterAll(() => device.close());

  it.each(listGolden('op-').filter((file) => !file.endsWith('-stats')))('%s equals PyTorch', async (file) => {
    const golden = readGolden(file);
    const inputs = Object.fromEntries([...section(golden, 'in')].map(([key, tensor]) => [key, variableOf(tensor)]));
    const wanted = section(golden, 'grad');
    const out = operationOf(file)(inputs, golden.attributes);
    const upstream = variableOf(golden.tensors.get('grad_out')!);
    const found = gradients(
      out,
      [...wanted.keys()].map((key) => inputs[key]),
      upstream,
    );
    const outputs = Object.fromEntries([...wanted.keys()].map((key, i) => [key, found[i]]));

    const graph = { outputs: { out, ...outputs } };
    const values = await (await device.compile(graph)).run({});

    const bound = boundOf(deviceName);
    expect(relativeError(values.out, golden.tensors.get('out')!.data), 'out').toBeLessThan(bound);
    const reference = await (await createReferenceDevice().compile(graph)).run({});
    for (const [key, { data }] of wanted) {
      const isConstant = constantsInPyTorch.includes(key);
      if (isConstant) expect(data.every((zero) => zero === 0)).toBe(true);
      expect(relativeError(values[key], isConstant ? reference[key] : data), `gradient of ${key}`).toBeLessThan(bound);
    }
  });

  it.each(listGolden('op-batchnorm-train').filter((file) => file.endsWith('-stats')))(
    '%s equals PyTorch',
    async (file) => {
      const wanted = readGolden(file).tensors;
      const x = variableOf(readGolden(file.replace('-stats', '')).tensors.get('in.x')!);
      const norm = new BatchNorm2d(x.shape[1]);

      const program = await device.compile({ outputs: { y: norm.forward(x) } });
      await program.run({});

      const { runningMean, runningVariance, batchesTracked } = norm;
      const bound = boundOf(deviceName);
      expect(relativeError(await device.read(runningMean), wanted.get('running_mean')!.data)).toBeLessThan(bound);
      expect(relativeError(await device.read(runningVariance), wanted.get('running_var')!.data)).toBeLessThan(bound);
      expect([...(await device.read(batchesTracked))]).toEqual([1]);
    },
  );
});
