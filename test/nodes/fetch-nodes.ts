// Other versions of Node, as packages of npm that hold the binary and run nothing while they are installed. They are kept in
// a folder, so that they come over the network once.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface NodeBinary {
  readonly version: string;
  readonly path: string;
}

/** The last version of each major one that Residua supports, when they were written here. */
const versions = ['20.20.2', '22.23.3', '24.21.0'];

const platform = process.platform === 'win32' ? 'win' : process.platform;

/** This Node, and one of each other major version. @param folder keeps them */
export function obtainNodes(folder: string): NodeBinary[] {
  const own = process.versions.node;
  const major = (version: string) => version.split('.')[0];
  const others = versions.filter((version) => major(version) !== major(own));
  const pathOf = (version: string) =>
    join(resolve(folder), 'node_modules', `node-${version}`, 'bin', platform === 'win' ? 'node.exe' : 'node');
  const missing = others.filter((version) => !existsSync(pathOf(version)));
  if (missing.length > 0) {
    mkdirSync(folder, { recursive: true });
    console.log(`Fetching Node ${missing.join(' and ')} from npm into ${folder}`);
    // Those that are there are named, too: npm removes what it isn't told of.
    const packages = others.map((version) => `node-${version}@npm:node-${platform}-${process.arch}@${version}`);
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...flags, ...packages], {
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: platform === 'win',
    });
  }
  return [{ version: own, path: process.execPath }, ...others.map((version) => ({ version, path: pathOf(version) }))];
}
