// How this program was started, so that the commands it suggests can be typed as they stand.

import { basename, relative } from 'node:path';

/** 'residua' where it is installed, 'npx residua' under npm, 'node dist/cli.js' when the file itself was run. */
export function programAsTyped(file: string = process.argv[1], env: NodeJS.ProcessEnv = process.env): string {
  if (env.npm_command !== undefined) return 'npx residua';
  if (basename(file) === 'residua') return 'residua';
  const path = relative('', file);
  return `node ${path.startsWith('..') ? file : path}`;
}

/**
 * The words that were typed, so that they can be typed again: without where the result went and in which form.
 *
 * @param words what follows the program's name
 */
export function commandAsTyped(words: readonly string[] = process.argv.slice(2)): string {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--out') i++;
    else if (!/^--(out=.*|json|debug)$/.test(words[i])) kept.push(quote(words[i]));
  }
  return ['npx', 'residua', ...kept].join(' ');
}

/** As a shell wants it. */
export const quote = (word: string): string =>
  /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
