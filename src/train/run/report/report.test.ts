// A report is looked at by people; here: that it is whole and stands alone, that nothing in it can become markup, and that
// its numbers are those of the evaluation.

import { crc32, deflateSync, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkWellFormed } from '../../../../test/well-formed.ts';
import { encodePng } from '../../../formats/png-encoder.ts';
import { randomStream } from '../../../tensor/random.ts';
import type { Evaluation } from '../../evaluate.ts';
import { createTask, type TaskName } from '../../task.ts';
import { resolveRunConfig } from '../resolve-config.node.ts';
import { type Report, renderReport } from './report.ts';

/** Of random logits for 3 images a class. */
function evaluation(names: readonly string[], task: TaskName = 'single-label'): Evaluation {
  const random = randomStream({ seed: 1, purpose: 'augment' });
  const images = 3 * names.length;
  const metrics = createTask(task).metrics(names);
  const logits = Float32Array.from({ length: images * names.length }, () => 4 * random.uniform() - 2);
  const targets =
    task === 'multi-label'
      ? Array.from({ length: images * names.length }, () => random.integer(2))
      : Array.from({ length: images }, (_, i) => i % names.length);
  metrics.add(
    logits,
    targets,
    Array.from({ length: images }, (_, i) => i),
  );
  return { ...metrics.result(), loss: 0.4321, images, seconds: 1 };
}

function report(test: Evaluation | null, more: Partial<Report> = {}): string {
  const point = { epochs: 2, batches: 10, batch: 10, learningRate: 0.01, accuracy: 0.9, imagesPerSecond: 100 };
  return renderReport({
    name: 'digits-1',
    config: resolveRunConfig(),
    summary: {
      status: test ? 'finished' : 'stopped',
      test,
      steps: 20,
      epochs: 2,
      best: null,
      images: 640,
      trainSeconds: 6.4,
      imagesPerSecond: 100,
      seconds: 9,
      weightsHash: 'c0ffee',
    },
    warnings: [],
    log: [
      { ...point, epoch: 1, step: 10, loss: 1, norms: [norms(0), norms(10)] },
      { ...point, epoch: 2, step: 20, loss: 0.1, validation: { loss: 0.2, accuracy: 0.8 } },
    ],
    model: { parameters: 195_450, multiplyAdds: 28_459_648 },
    data: { trainImages: 320, validationImages: 0, testImages: test?.images ?? 30 },
    thumbnails: [],
    ...more,
  });
}

const norms = (step: number) => ({
  step,
  layers: ['conv', 'fc'],
  gradients: [1e-9, 0.5],
  weights: [1, 1],
  activations: { layers: ['<b>act'], mean: [0.1], std: [0.2], dead: [0.25] },
});

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);

describe.each<[string, Evaluation | null]>([
  ['ten classes', evaluation(numbered(10))],
  ['a hundred classes', evaluation(numbered(100))],
  ['a thousand classes', evaluation(numbered(1000))],
  ['several labels', evaluation(numbered(4), 'multi-label')],
  ['no test, since it was stopped', null],
])('the report of a run with %s', (_, test) => {
  const page = report(test);

  it('is whole, and stands alone', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    checkWellFormed(page);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|url\(/);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('repeats the settings and the hash', () => {
    expect(page).toContain('c0ffee');
    expect(page).toContain('RandomCrop (size 32, padding 4)');
    expect(page).toContain('<dt>Seed</dt><dd>0</dd>');
  });

  it('is of a size that mails and browsers take', () => {
    expect(page.length).toBeLessThan(1_500_000);
  });
});

describe('what a report shows', () => {
  const test = evaluation(numbered(10));

  it('is what was measured', () => {
    const page = report(test);
    expect(page).toContain(`<dt>Test accuracy</dt><dd>${(100 * test.accuracy).toFixed(2)} %`);
    expect(page).toContain('<dt>Test loss</dt><dd>0.4321');
    const cells = [...page.matchAll(/<td class="(?:right|wrong|none)"[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(cells.map((text) => (text === '·' ? 0 : Number(text)))).toEqual(test.confusion!.flat());
    for (const { f1, name } of test.perClass) {
      expect(page).toMatch(new RegExp(`>${name}</th>.*<td>${(100 * f1).toFixed(2)} %<span class="bar">`));
    }
  });

  it('shows how gradients got through the layers, where that was measured', () => {
    const page = report(test);
    expect(page).toContain('<h2 id="layers">Layers</h2>');
    expect(page).toContain('Channels that put out the same for every image: &lt;b&gt;act (25 %).');
    expect(page.match(/<svg [^>]*aria-label="Gradient norm"/)).not.toBeNull();
    const point = { epochs: 2, batches: 10, batch: 10, learningRate: 0.01, accuracy: 0.9, imagesPerSecond: 100 };
    const unmeasured = report(test, { log: [{ ...point, epoch: 1, step: 10, loss: 1 }] });
    expect(unmeasured).not.toContain('id="layers"');
  });

  it('has a picture a mistake, and the file where there is one', () => {
    const thumbnails = test.mistakes.map((_, i) =>
      i === 1 ? undefined : { source: `data:image/png;base64,${i}`, small: true },
    );
    const mistakes = test.mistakes.map((own, i) => (i === 0 ? { ...own, file: 'cats/1.png' } : own));
    const page = report({ ...test, mistakes }, { thumbnails });
    expect(page.match(/<img class="small" src="data:image\/png;base64,/g)).toHaveLength(test.mistakes.length - 1);
    expect(page).toContain('>cats/1.png</span>');
    expect(page).toContain(`>image ${test.mistakes[1].index}</span>`);
  });

  it('has what the preflight found, and nothing of it where all was well', () => {
    const warnings = [{ check: 'flip', message: 'Flips of <b>', reason: 'Digits.', advice: 'Leave it out.' }];
    expect(report(test, { warnings })).toContain('<li><strong>Flips of &lt;b&gt;</strong> Digits.');
    expect(report(test)).not.toContain('id="warnings"');
  });

  it('never becomes markup', () => {
    const evil = `<img src=x onerror="alert(1)">&'`;
    const config = { ...resolveRunConfig(), dataset: `/data/${evil}`, command: `residua train ${evil}` };
    for (const count of [3, 30]) {
      const page = report(evaluation([evil, ...numbered(count)]), { name: evil, config });
      checkWellFormed(page);
      expect(page).not.toContain('<img src=x');
      expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;');
    }
  });
});

describe('pictures', () => {
  it.each([
    [1, 5, 3],
    [3, 4, 7],
  ])('of %d channel(s) are read by another decoder as they were', async (channels, width, height) => {
    const data = Uint8Array.from({ length: channels * width * height }, (_, i) => (i * 37) % 256);
    const png = encodePng({ channels, width, height, data }, { deflate: deflateSync, crc32 });
    const decoded = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(decoded.info).toMatchObject({ width, height });
    const own = decoded.info.channels;
    expect(Array.from(decoded.data).filter((_, i) => i % own < channels)).toEqual([...data]);
    expect(inflateSync(png.subarray(41, png.length - 16))).toHaveLength((channels * width + 1) * height);
  });
});
