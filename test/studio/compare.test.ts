// Comparisons that are started in the studio: those of `residua compare`, with a run for each network.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ComparisonDetail, ComparisonView, RunView, StudioEvent } from '../../src/studio/protocol.ts';
import { residua, temporaryFolder } from '../cli/run-cli.ts';
import { ask, askUntil, expectError, listen, ownStudio, post } from './start-studio.ts';

const folder = temporaryFolder();
const settings = { depths: [8], activations: ['relu'], batchNorm: 'with', limit: 64, epochs: 1, threads: 1 };
const words = ['--depths=8', '--activations=relu', '--batch-norm=with', '--limit=64', '--epochs=1', '--threads=1'];

const isIn = (state: string) => (event: StudioEvent) =>
  event.type === 'comparison' && event.comparison.id === 'mine' && event.comparison.state === state;

it('run, are told, come to what the command comes to, and can be deleted with their runs', async () => {
  const runs = join(folder, 'runs');
  const studio = await ownStudio(runs);
  const listener = await listen(studio);
  const response = await post(studio, 'api/compare', { settings, name: 'mine' });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ id: 'mine', state: 'starting', can: { stop: true, remove: false } });
  await listener.find(isIn('running'));
  await listener.find(isIn('finished'));
  listener.close();

  const { result, ...view } = await ask<ComparisonDetail>(studio, 'api/comparisons/mine');
  expect(view).toMatchObject({ hasReport: true, problem: null, can: { stop: false, resume: false, remove: true } });
  expect([...view.runs].sort()).toEqual(['mine:plainnet8-relu-bn', 'mine:resnet8-relu-bn']);
  const shown = await ask<RunView[]>(studio, 'api/runs');
  expect(shown.map(({ id, group, state }) => `${id} ${group} ${state}`).sort()).toEqual([
    'mine:plainnet8-relu-bn mine finished',
    'mine:resnet8-relu-bn mine finished',
  ]);
  const out = join(folder, 'cli');
  const { code, stderr } = await residua(['compare', ...words, `--out=${out}`]);
  expect(code, stderr).toBe(0);
  const theirs = JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8'));
  const figures = ({ networks }: Pick<NonNullable<typeof result>, 'networks'>) =>
    networks.map(({ id, accuracy, loss, norms }) => ({ id, accuracy, loss, norms }));
  expect(figures(result!)).toEqual(figures(theirs));
  const report = await fetch(`${studio.url}api/comparisons/mine/report.html`);
  expect(await report.text()).toBe(readFileSync(join(runs, 'mine', 'report.html'), 'utf8'));

  // As if it had been stopped before its last network.
  const path = join(runs, 'mine', 'comparison.json');
  const networks = result!.networks.map((network, i) => (i === 0 ? network : { ...network, state: 'waiting' }));
  writeFileSync(path, JSON.stringify({ ...result, status: 'stopped', networks }));
  rmSync(join(runs, 'mine', 'report.html'));
  expect(await ask(studio, 'api/comparisons/mine')).toMatchObject({ state: 'paused', can: { resume: true } });
  expect((await post(studio, 'api/comparisons/mine/resume')).status).toBe(200);
  await askUntil<ComparisonView>(studio, 'api/comparisons/mine', ({ state, problem }) => {
    expect(problem).toBeNull();
    return state === 'finished';
  });
  expect(figures(JSON.parse(readFileSync(path, 'utf8')))).toEqual(figures(theirs));

  writeFileSync(join(runs, 'mine', 'notes.txt'), 'mine');
  const remove = () => fetch(`${studio.url}api/comparisons/mine`, { method: 'DELETE' });
  expect(expectError(await (await remove()).text()).message).toContain('notes.txt');
  rmSync(join(runs, 'mine', 'notes.txt'));
  expect((await remove()).status).toBe(204);
  expect(await ask(studio, 'api/comparisons')).toEqual([]);
  expect(await ask(studio, 'api/runs')).toEqual([]);
}, 240_000);

it('are refused where their settings are wrong, and stopped in order', async () => {
  const studio = await ownStudio(join(folder, 'stopped'));
  for (const wrong of [{ depths: [] }, { depths: [7.5] }, { depth: [8] }, { batchNorm: 'maybe' }, { out: '/tmp' }]) {
    const response = await post(studio, 'api/compare', { settings: wrong });
    expect(response.status, JSON.stringify(wrong)).toBe(400);
    expectError(await response.text());
  }
  await post(studio, 'api/compare', { settings: { ...settings, epochs: 1000 }, name: 'mine' });
  await askUntil<RunView[]>(studio, 'api/runs', (runs) => runs.some(({ state }) => state === 'running'));
  expect((await post(studio, 'api/comparisons/mine/stop')).status).toBe(200);
  await askUntil<ComparisonView>(studio, 'api/comparisons/mine', ({ state }) => {
    expect(['pausing', 'paused']).toContain(state);
    return state === 'paused';
  });
  for (const path of ['api/comparisons/none', 'api/comparisons/..', 'api/comparisons/mine/report.html']) {
    expect((await fetch(studio.url + path)).status).toBe(404);
  }
});
