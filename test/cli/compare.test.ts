// residua compare from outside: what goes to which stream, stopping, going on with the same command.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf, residua, temporaryFolder } from './run-cli.ts';

const root = temporaryFolder();
const tiny = ['compare', '--depths', '8', '--activations', 'relu', '--batch-norm', 'with', '--epochs', '1'];
const settings = [...tiny, '--limit', '32', '--batch-size', '16', '--seed', '5'];

describe('a comparison', () => {
  const folder = join(root, 'compared');

  it('is one JSON object on stdout, and its way there on stderr', async () => {
    const { code, stdout, stderr } = await residua([...settings, '--out', folder, '--json']);
    expect(code, stderr).toBe(0);
    expect(linesOf(stdout)).toHaveLength(1);
    const { status, networks, claims, files, config } = JSON.parse(stdout);
    expect(status).toBe('finished');
    expect(networks.map(({ id }: { id: string }) => id)).toEqual(['plainnet8-relu-bn', 'resnet8-relu-bn']);
    expect(claims.length).toBeGreaterThan(0);
    for (const file of Object.values<string>(files)) expect(existsSync(file), file).toBe(true);
    expect(config.command).toBe(`npx residua ${settings.join(' ')}`);
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^2 networks: roughly .* on two cores$/),
      expect.stringMatching(/^plainnet8-relu-bn: test accuracy \d+\.\d\d %, training loss \d\.\d{4}, .* s$/),
      expect.stringMatching(/^resnet8-relu-bn: test accuracy /),
    ]);
  });

  it('that is finished is told again, for people, without training anything', async () => {
    const before = readFileSync(join(folder, 'resnet8-relu-bn', 'result.json'), 'utf8');
    const { code, stdout, stderr } = await residua([...settings, '--out', folder]);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^test accuracy +8 layers$/m);
    expect(stdout).toMatch(/^plain, relu, batch norm +\d+\.\d\d %$/m);
    expect(stdout).toContain('What is claimed, and what was measured');
    expect(stdout).toContain('report.html');
    expect(readFileSync(join(folder, 'resnet8-relu-bn', 'result.json'), 'utf8')).toBe(before);
  });

  it('with other settings needs another folder', async () => {
    const { code, stderr } = await residua([...settings, '--lr', '0.1', '--out', folder]);
    expect(code).toBe(2);
    expect(stderr).toContain('has a comparison with other settings');
  });
});

it('is stopped in order, and says how to go on', async () => {
  const folder = join(root, 'stopped');
  const long = [...tiny, '--limit', '4000', '--batch-size', '16', '--out', folder];
  const stopped = await residua(long, {
    onStart: (child) => {
      const look = setInterval(() => {
        if (!existsSync(join(folder, 'plainnet8-relu-bn', 'config.json'))) return;
        clearInterval(look);
        child.kill('SIGTERM');
      }, 20);
      child.once('exit', () => clearInterval(look));
    },
  });
  expect(stopped.code).toBe(143);
  expect(stopped.stderr).toContain('Stopped: 0 of 2 networks are done');
  expect(stopped.stderr).toMatch(/Go on with npx residua compare .* --limit 4000 --batch-size 16 --out \S+stopped$/m);
  expect(JSON.parse(readFileSync(join(folder, 'comparison.json'), 'utf8')).status).toBe('stopped');
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
});
