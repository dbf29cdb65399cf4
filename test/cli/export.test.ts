// `residua export` from outside: what comes out of each format is the network that went in.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../../src/devices/reference/device.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeightsFile } from '../../src/formats/weights.node.ts';
import { Input } from '../../src/tensor/index.ts';
import { type ModelCard, writeModelFile } from '../../src/train/index.ts';
import { relativeError } from '../compare.ts';
import { tinyModel } from '../tiny.ts';
import { linesOf, residua, temporaryFolder } from './run-cli.ts';

const root = temporaryFolder();
const run = join(root, 'run');
const weights = join(run, 'model.safetensors');
const model = tinyModel(5);
const card: ModelCard = {
  model: 'article-resnet',
  options: { classes: 3, inChannels: 1, imageSize: 8, dropout: 0.1, layers: [1, 1, 1], widths: [4, 4, 8] },
  classes: ['a', 'b', 'ç'],
  imageShape: [1, 6, 6],
  preprocessing: [{ name: 'Pad', padding: 1 }, { name: 'ToTensor' }],
  task: 'single-label',
  dataset: 'squares',
};
const golden = (name: string) => join('test/golden/pth', name);

beforeAll(() => {
  mkdirSync(run);
  writeFileSync(weights, writeModelFile(model, card));
});

async function exported(...args: string[]) {
  const { code, stdout, stderr } = await residua(['export', ...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(linesOf(stdout)).toHaveLength(1);
  return JSON.parse(stdout);
}

async function refused(code: number, message: string, ...args: string[]): Promise<void> {
  const before = readdirSync(root, { recursive: true }).length;
  const outcome = await residua(['export', ...args]);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).toContain(message);
  expect(outcome.code).toBe(code);
  expect(readdirSync(root, { recursive: true })).toHaveLength(before);
}

describe('residua export', () => {
  it('writes a run as ONNX, with what its images and classes are', async () => {
    const result = await exported(run, '--to', 'onnx');
    expect(result).toEqual({
      file: join(run, 'model.onnx'),
      format: 'onnx',
      bytes: statSync(join(run, 'model.onnx')).size,
      source: weights,
      model: 'article-resnet',
      tensors: model.stateDict().size,
      parameters: expect.any(Number),
      imageShape: [1, 8, 8],
      outputs: 3,
      classes: card.classes,
      notes: [],
    });
    const session = await InferenceSession.create(result.file);
    const images = Float32Array.from({ length: 2 * 64 }, (_, i) => Math.sin(i));
    const { logits } = await session.run({ images: new Tensor('float32', images, [2, 1, 8, 8]) });
    const own = model.eval().forward(new Input('images', [2, 1, 8, 8]));
    const program = await createReferenceDevice().compile({ outputs: { own } });
    expect(relativeError(logits.data as Float32Array, (await program.run({ images })).own)).toBeLessThan(1e-5);
    const text = readFileSync(result.file).toString();
    for (const said of ['["a","b","ç"]', '"name":"Pad"', 'single-label', 'squares']) expect(text).toContain(said);
  });

  it('writes .pth that says everything that the run did: back to the same file', async () => {
    const file = join(root, 'there.pth');
    await exported(run, '--to', 'pth', '--out', file);
    const { tensors } = await readWeightsFile(file);
    expect([...tensors.keys()]).toEqual([...model.stateDict().keys()]);
    const again = join(root, 'again.safetensors');
    expect(await exported(file, '--to', 'safetensors', '--out', again)).toMatchObject({ classes: card.classes });
    expect(readFileSync(again)).toEqual(readFileSync(weights));
  });

  it("reads PyTorch's checkpoints, and says what it chose", async () => {
    const out = join(root, 'checkpoint.safetensors');
    const outcome = await residua(['export', golden('checkpoint.pth'), '--to', 'safetensors', '--out', out]);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain("'module.' was taken off each name");
    expect(outcome.stdout).toContain('8 tensors');
    expect(readSafetensors(readFileSync(out), out).tensors.has('conv.weight')).toBe(true);
  });

  it('takes the name of a model for weights alone, and reads channels and classes off them', async () => {
    const bare = join(root, 'bare.safetensors');
    const { tensors } = readSafetensors(writeModelFile(model, card), 'x');
    writeFileSync(bare, writeSafetensors(tensors));
    await refused(2, 'Say which model they belong to with --model NAME', bare, '--to', 'onnx');
    await refused(1, "the weights don't fit the model", bare, '--to', 'onnx', '--model', 'resnet18');
    const { code, stderr } = await residua(['export', bare, '--to', 'pth', '--model', 'article-resnet']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing keys \(\d+\):\n {4}layer1\.1\.conv1\.weight/);
    expect(stderr).toContain('conv.weight: [4, 1, 3, 3] where the model has [16, 1, 3, 3]');
  });

  it('widens 16-bit floats, saying so', async () => {
    const out = join(root, 'floats.pth');
    const { stdout } = await residua(['export', golden('dtypes.pth'), '--to', 'pth', '--out', out, '--json']);
    const { notes, file } = JSON.parse(stdout);
    expect(notes).toEqual(['16-bit floats (2 tensors) are written as float32.']);
    expect((await readWeightsFile(file)).tensors.get('float16')).toMatchObject({ dtype: 'F32' });
  });

  it('replaces no file unless it is told to', async () => {
    const out = join(root, 'taken.onnx');
    writeFileSync(out, 'precious');
    await refused(2, `${out} exists already`, run, '--to', 'onnx', '--out', out);
    expect(readFileSync(out, 'utf8')).toBe('precious');
    await exported(run, '--to', 'onnx', '--out', out, '--force');
    expect(statSync(out).size).toBeGreaterThan(1000);
    await refused(2, 'is what would be exported', run, '--to', 'safetensors', '--force');
    await refused(2, 'is a folder', run, '--to', 'onnx', '--out', root, '--force');
    await refused(1, 'could not write', run, '--to', 'onnx', '--out', join(root, 'no', 'x.onnx'));
  });

  it('executes nothing of a hostile file', async () => {
    await refused(1, "names 'posix.system'", golden('code.pth'), '--to', 'pth', '--out', join(root, 'code.pth'));
    expect(existsSync('/tmp/residua-code-was-executed')).toBe(false);
  });

  it.each([
    [2, '--to', [run]],
    [2, 'onnx, safetensors or pth. Did you mean onnx?', [run, '--to', 'onx']],
    [2, 'Leave --model out', [run, '--to', 'onnx', '--force', '--model', 'resnet18']],
    [2, 'Leave --size out', [run, '--to', 'onnx', '--force', '--size', '32']],
    [1, 'there is no ', [join(root, 'nothing'), '--to', 'onnx']],
    [1, 'there is no ', [root, '--to', 'onnx']],
    [
      1,
      'neither safetensors nor what torch.save writes',
      ['package.json', '--to', 'pth', '--out', join(root, 'p.pth')],
    ],
  ])('exits %i and says %s', async (code, message, args) => {
    await refused(code, message, ...args);
  });
});
