// Copies stored values into a module's variables, all or nothing. Its one care is the error: who loads the weights of
// another model wants to see at once which keys and shapes don't fit.

import { ResiduaError } from '../errors.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/tensor.ts';

/** One stored tensor, as readSafetensors gives it; data in PyTorch's element order. */
export interface StateEntry {
  readonly shape: Shape;
  readonly data: ArrayLike<number | bigint>;
}

export interface LoadReport {
  /** Keys of the model that the entries don't have. */
  readonly missing: readonly string[];
  /** Keys of the entries that the model doesn't have. */
  readonly unexpected: readonly string[];
}

export function loadState(
  variables: ReadonlyMap<string, Variable>,
  entries: ReadonlyMap<string, StateEntry>,
  strict: boolean,
): LoadReport {
  const missing = [...variables.keys()].filter((name) => !entries.has(name));
  const unexpected = [...entries.keys()].filter((name) => !variables.has(name));
  const wrongShapes = [...variables].flatMap(([name, variable]) => {
    const entry = entries.get(name);
    if (!entry || sameShape(entry.shape, variable.shape)) return [];
    return [`${name}: ${formatShape(entry.shape)} where the model has ${formatShape(variable.shape)}`];
  });
  const problems = [describe('wrong shapes', wrongShapes)];
  if (strict) problems.unshift(describe('missing keys', missing), describe('unexpected keys', unexpected));
  if (problems.some((problem) => problem !== '')) {
    throw new ResiduaError(`the weights don't fit the model\n${problems.filter(Boolean).join('\n')}`, {
      hint: 'Build the model with the options it was trained with (blocks, channels, classes, shortcut).',
    });
  }
  for (const [name, variable] of variables) {
    const entry = entries.get(name);
    if (entry) variable.value = convert(variable, entry.data);
  }
  return { missing, unexpected };
}

/** PyTorch stores counters as int64, which readers hand over as bigint. Weights come as they are: a copy is quick. */
function convert(variable: Variable, values: ArrayLike<number | bigint>): Float32Array | Int32Array {
  if (variable.dtype === 'float32' && values instanceof Float32Array) return values.slice();
  return variable.dtype === 'int32' ? Int32Array.from(values, Number) : Float32Array.from(values, Number);
}

function describe(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const shown = items.slice(0, 8);
  const rest = items.length > shown.length ? [`... and ${items.length - shown.length} more`] : [];
  return [`  ${what} (${items.length}):`, ...[...shown, ...rest].map((item) => `    ${item}`)].join('\n');
}
