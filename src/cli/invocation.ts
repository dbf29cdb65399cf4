// How this program was started, so that the commands it suggests can be typed as they stand.

import { basename } from 'node:path';

/** 'residua' where it is installed, 'npx residua' under npm, 'node dist/cli.js' when the file itself was run. */
export function commandName(argv: readonly string[] = process.argv, env: NodeJS.ProcessEnv = process.env): string {
  if (env.npm_command !== undefined) return 'npx residua';
  return basename(argv[1]) === 'residua'
    ? 'residua'
    : `node ${argv[1].startsWith(process.cwd()) ? argv[1].slice(process.cwd().length + 1) : argv[1]}`;
}
