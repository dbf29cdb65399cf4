// How this program was started, so that the commands it suggests can be typed as they stand.

import { basename, relative } from 'node:path';

/** 'residua' where it is installed, 'npx residua' under npm, 'node dist/cli.js' when the file itself was run. */
export function commandName(file: string = process.argv[1], env: NodeJS.ProcessEnv = process.env): string {
  if (env.npm_command !== undefined) return 'npx residua';
  if (basename(file) === 'residua') return 'residua';
  const path = relative('', file);
  return `node ${path.startsWith('..') ? file : path}`;
}
