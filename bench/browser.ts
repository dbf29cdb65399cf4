// Training speed in a browser's tab beside Node's: the article's network, in turns, so that whatever else the machine does
// hits both. Run it with
//
//   npm run bench:browser [-- --batch 32 --threads 2 --turns 5 --steps 30 --warm-up 30]
//
// Each turn makes a device, compiles the training step, warms up and then times steps; the median step of all turns counts.
// The first steps show what it costs that a page cannot set V8's flags: kernels begin in the baseline compiler's code there.

import { parseArgs } from 'node:util';
import * as node from '../src/node.ts';
import { inWorker, isolation, type Library, launch, serve } from '../test/browser/chromium.ts';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '32' },
    threads: { type: 'string', default: '2' },
    turns: { type: 'string', default: '5' },
    steps: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '30' },
  },
  allowPositionals: true,
});
const [batch, threads, turns, steps, warmUp] = [
  values.batch,
  values.threads,
  values.turns,
  values.steps,
  values['warm-up'],
].map(Number);

/** Goes to the browser as text, so it refers to nothing outside. */
async function timeSteps(
  library: Library,
  { batch, threads, count }: { batch: number; threads: number; count: number },
): Promise<{ compile: number; steps: number[]; threads: number }> {
  const { createDevice, createModel, gradients, softmaxCrossEntropy, randomStream, Input, Adam } = library;
  const device = await createDevice('cpu', { threads });
  const model = createModel('article-resnet', { inChannels: 1, classes: 10, seed: 0 });
  const images = new Input('images', [batch, 1, 32, 32]);
  const labels = new Input('labels', [batch], 'int32');
  const loss = softmaxCrossEntropy(model.forward(images), labels);
  const optimizer = new Adam(model.parameters());
  const assignments = optimizer.assignments(gradients(loss, optimizer.parameters));
  const start = performance.now();
  const program = await device.compile({ outputs: { loss }, assignments });
  const compile = performance.now() - start;
  // Different batches: one learned by heart would end in denormal numbers.
  const random = randomStream({ seed: 0, purpose: 'augment' });
  const batches = Array.from({ length: 8 }, () => ({
    images: Float32Array.from({ length: images.size }, () => random.normal()),
    labels: Int32Array.from({ length: batch }, () => random.integer(10)),
  }));
  const steps: number[] = [];
  for (let step = 1; step <= count; step++) {
    const begin = performance.now();
    await program.run({ ...batches[step % batches.length], ...optimizer.feeds(step, 0.001) });
    steps.push(performance.now() - begin);
  }
  const answer = { compile, steps, threads: device.threads };
  await device.close();
  return answer;
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const speed = (times: readonly number[]) => (1000 * batch) / median(times);

const browser = await launch();
const { url, server } = await serve(isolation);
const page = await browser.newPage();
await page.goto(url);
const options = { batch, threads, count: warmUp + steps };
const places = {
  Node: () => timeSteps(node as Library, options),
  Chromium: () => inWorker(page, timeSteps, options),
};
const results = { Node: [] as number[][], Chromium: [] as number[][] };
console.log(`article-resnet, batch ${batch}; Node ${process.versions.node}, Chromium ${browser.version()}\n`);
console.log('turn  where     threads  compile   first step   img/s in the first 10   warm');
for (let turn = 1; turn <= turns; turn++) {
  for (const [name, run] of Object.entries(places)) {
    const { compile, steps: times, threads: used } = await run();
    const warm = times.slice(warmUp);
    results[name as keyof typeof results].push(warm);
    const columns = [`${Math.round(compile)} ms`, `${Math.round(times[0])} ms`, speed(times.slice(0, 10)).toFixed(0)];
    const [a, b, c] = columns.map((text, i) => text.padStart([10, 13, 24][i]));
    console.log(`${turn}     ${name.padEnd(9)} ${used}     ${a}${b}${c}   ${speed(warm).toFixed(0)}`);
  }
}
const [inNode, inTab] = [results.Node, results.Chromium].map((list) => speed(list.flat()));
const ratios = results.Chromium.map((times, i) => speed(times) / speed(results.Node[i]));
const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
console.log(
  `\nNode ${inNode.toFixed(0)} img/s, tab ${inTab.toFixed(0)} img/s: ${(inTab / inNode).toFixed(2)} (${range} over the turns)`,
);
await browser.close();
server.close();
process.exit();
