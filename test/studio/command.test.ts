// residua studio as a command: its words, exit codes, and the page as files.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { StaticManifest } from '../../src/studio/protocol.ts';
import { linesOf, residua, temporaryFolder } from '../cli/run-cli.ts';
import { startStudio } from './start-studio.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');

describe('residua studio', () => {
  it('tells where it is, and ends as shells expect', async () => {
    const studio = await startStudio(join(folder, 'none'));
    expect(studio.url).toBe(`http://127.0.0.1:${studio.port}/`);
    expect((await fetch(studio.url)).headers.get('content-type')).toMatch('text/html');
    expect(await studio.stop('SIGINT')).toBe(130);
    await expect(fetch(studio.url)).rejects.toThrow();
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('says which port is taken: exit code 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await residua(['studio', '--port', String(port), '--json']);
    other.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(linesOf(stderr)).toHaveLength(1);
    expect(stderr).toMatch(`error: port ${port} is in use`);
  });

  it.each([
    [['--port', '65536'], /--port/],
    [['--port', 'http'], /--port/],
    [['--port', '-1'], /--port/],
    [['--runs', ''], /--runs/],
    [['--run', 'x'], /--run is about --build/],
    [['--data', 'all'], /--data is about --build/],
    [['--build', join(folder, 'x'), '--port', '1'], /--port is about serving/],
    [['--build', join(folder, 'x'), '--data', 'some'], /--data/],
    [['elsewhere'], /too many arguments/],
  ])('%j is wrong usage: exit code 2', async (words, reason) => {
    const { code, stderr } = await residua(['studio', ...words]);
    expect(code).toBe(2);
    expect(linesOf(stderr)).toHaveLength(1);
    expect(stderr).toMatch(reason);
  });
});

describe('residua studio --build', () => {
  const out = join(folder, 'site');

  it('needs a run', async () => {
    const { code, stderr } = await residua(['studio', '--build', out, '--runs', runs]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/there is no trained run in/) });
    expect(existsSync(out)).toBe(false);
  });

  it('writes files that refer to each other alone, and say nothing of this machine', async () => {
    const words = ['--limit=100', '--epochs=1', '--threads=1', '--log-every=1'];
    expect((await residua(['train', ...words, `--out=${join(runs, 'small')}`])).code).toBe(0);
    const { code, stdout, stderr } = await residua(['studio', '--build', out, '--runs', runs, '--json', '--data=test']);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ folder: out, run: 'small', data: ['data/mnist-test.safetensors.gz'] });

    const html = readFileSync(join(out, 'index.html'), 'utf8');
    expect(html).toContain('<meta name="residua-backend" content="static">');
    expect(html).toMatch(/http-equiv="Content-Security-Policy" content="default-src 'none';/);
    const references = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target);
    expect(references.length).toBeGreaterThan(1);
    for (const target of references) {
      expect(target).toMatch(/^\.\//);
      expect(existsSync(join(out, target)), target).toBe(true);
    }

    const text = readFileSync(join(out, 'studio.json'), 'utf8');
    expect(text).not.toContain(folder);
    const { runs: built, data, catalogue } = JSON.parse(text) as StaticManifest;
    const [{ run, metrics, evaluation, model, report }] = built;
    expect(run).toMatchObject({ id: 'small', state: 'finished', can: { pause: false, resume: false, remove: false } });
    expect(metrics).toHaveLength(2);
    expect(evaluation!.images).toBe(100);
    expect(readFileSync(join(out, model)).equals(readFileSync(join(runs, 'small', 'model.safetensors')))).toBe(true);
    expect(existsSync(join(out, report!))).toBe(true);
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ dataset: 'mnist', train: null });
    const file = gunzipSync(readFileSync(join(out, data[0].test!)));
    expect(readSafetensors(file, 'data').tensors.get('images')!.shape).toEqual([10_000, 28, 28, 1]);
    expect(catalogue.datasets.filter(({ found }) => found)).toEqual([]);
  });

  it('renews a build, and no other folder', async () => {
    writeFileSync(join(out, 'CNAME'), 'example.org');
    const again = await residua(['studio', '--build', out, '--run', join(runs, 'small'), '--data=none', '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(existsSync(join(out, 'data', 'mnist-test.safetensors.gz'))).toBe(false);
    expect(readFileSync(join(out, 'CNAME'), 'utf8')).toBe('example.org');
    const { code, stderr } = await residua(['studio', '--build', runs, '--run', join(runs, 'small')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is not empty \(it has small\)/);
  });
});
