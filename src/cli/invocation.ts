// How this program was started, so that the commands it suggests can be typed as they stand.

import { basename, relative } from 'node:path';

/** 'residua' where it is installed, 'npx residua' under npm, 'node dist/cli.js' when the file itself was run. */
export function commandName(file: string = process.argv[1], env: NodeJS.ProcessEnv = process.env): string {
  if (env.npm_command !== undefined) return 'npx residua';
  if (basename(file) === 'residua') return 'residua';
  const path = relative('', file);
  return `node ${path.startsWith('..') ? file : path}`;
}

/**
 * The words that were typed, so that they can be typed again: without where the result went and in which form.
 *
 * @param args what follows the program's name
 */
export function commandLine(args: readonly string[] = process.argv.slice(2)): string {
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--out') i++;
    else if (!/^--(out=.*|json|debug)$/.test(args[i])) words.push(quote(args[i]));
  }
  return ['npx', 'residua', ...words].join(' ');
}

/** As a shell wants it. */
export const quote = (word: string): string =>
  /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
