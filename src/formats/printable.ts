// What a file says, as far as a message can repeat it: names in it are a stranger's, may be as long as the file, and may hold
// characters that do things to a terminal.

const MOST = 80;

/** A text or number of the file; other things by their kind only, since to write them out might take for ever. */
export function printable(value: unknown, most = MOST): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return value === null ? 'None' : `(${Array.isArray(value) ? 'tuple' : typeof value})`;
  const start = value.length > most ? `${value.slice(0, most)}...` : value;
  return start.replace(/\p{C}/gu, '?');
}
