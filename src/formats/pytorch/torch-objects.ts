// The few names of Python and PyTorch that a file of weights needs, and what they give here: descriptions of tensors and
// storages (no numbers yet) and plain containers. Every other name is refused before anything could be called by it.
//
//   tensor = a view (offset, shape, stride) of a storage; several tensors may share one

import { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';
import type { SafeDtype } from '../safetensors-dtypes.ts';
import { Callable, List, type PickleHost } from './unpickle.ts';

/** A block of elements that is kept outside the pickle. */
export class TorchStorage {
  /** Its record in the file. */
  readonly key: string;
  /** undefined: bytes, and each tensor says how it reads them. */
  readonly dtype: SafeDtype | undefined;
  /** Elements, or bytes where there is no dtype. */
  readonly length: number;

  constructor(key: string, dtype: SafeDtype | undefined, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A view of a storage; offset and stride count elements. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly dtype: SafeDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: TorchStorage,
    dtype: SafeDtype,
    offset: number,
    shape: readonly number[],
    stride: readonly number[],
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** What a persistent id names a storage's type by: torch.FloatStorage and its like. */
class StorageType {
  readonly dtype: SafeDtype | undefined;

  constructor(dtype: SafeDtype | undefined) {
    this.dtype = dtype;
  }
}

/** torch.float32 and its like. */
class TorchDtype {
  readonly dtype: SafeDtype;

  constructor(dtype: SafeDtype) {
    this.dtype = dtype;
  }
}

/** PyTorch's names of the element types: of the storage class, of the dtype. */
const elementTypes: readonly (readonly [storage: string, dtype: string, SafeDtype])[] = [
  ['DoubleStorage', 'float64', 'F64'],
  ['FloatStorage', 'float32', 'F32'],
  ['HalfStorage', 'float16', 'F16'],
  ['BFloat16Storage', 'bfloat16', 'BF16'],
  ['LongStorage', 'int64', 'I64'],
  ['IntStorage', 'int32', 'I32'],
  ['ShortStorage', 'int16', 'I16'],
  ['CharStorage', 'int8', 'I8'],
  ['ByteStorage', 'uint8', 'U8'],
  ['BoolStorage', 'bool', 'BOOL'],
];

/** More axes than any tensor has; PyTorch's own limit. */
const MAX_RANK = 64;

/** @param source how to call the file in errors */
export function torchHost(source: string): PickleHost {
  const fail = (message: string) =>
    new ResiduaError(`${source}: ${message}`, { hint: 'The file is damaged or is no PyTorch file: get it again.' });
  const globals = knownGlobals(fail);
  return {
    fail,
    global(module, name) {
      const full = `${module}.${name}`;
      const known = globals.get(full);
      if (known !== undefined) return known;
      throw new ResiduaError(
        `${source}: the file names '${printable(full)}', which is neither a tensor nor a plain container`,
        {
          hint: 'Nothing of it was executed. If you trust the file, save its weights alone in Python: torch.save(model.state_dict(), FILE).',
        },
      );
    },
    persistent(id) {
      // ('storage', type, key, location, length), and in old files whether it is a part of another storage
      if (!Array.isArray(id) || id[0] !== 'storage' || id.length < 5)
        throw fail('it refers to something that is no storage');
      const [, type, key, , length, part] = id;
      if (!(type instanceof StorageType)) throw fail('a storage has an unknown type');
      if (typeof key !== 'string' && typeof key !== 'number') throw fail('a storage has no key');
      if (!isCount(length)) throw fail('a storage has an impossible length');
      if (part !== null && part !== undefined) throw fail('a storage is a part of another, which is not supported');
      return new TorchStorage(String(key), type.dtype, length);
    },
  };
}

function knownGlobals(fail: (message: string) => ResiduaError): ReadonlyMap<string, unknown> {
  const tensor = (args: readonly unknown[], dtypeOf: (storage: TorchStorage) => unknown): TorchTensor => {
    const [storage, offset, shape, stride] = args;
    if (!(storage instanceof TorchStorage)) throw fail('a tensor has no storage');
    const dtype = dtypeOf(storage);
    if (!(dtype instanceof TorchDtype)) throw fail('a tensor has no element type');
    const counts = (value: unknown): value is number[] =>
      Array.isArray(value) && value.length <= MAX_RANK && value.every(isCount);
    if (!isCount(offset) || !counts(shape) || !counts(stride) || shape.length !== stride.length) {
      throw fail('a tensor has an impossible shape, stride or offset');
    }
    return new TorchTensor(storage, dtype.dtype, offset, [...shape], [...stride]);
  };
  const ofStorage = ({ dtype }: TorchStorage) => dtype && new TorchDtype(dtype);
  const parameter: Callable['call'] = ([value]) => {
    if (!(value instanceof TorchTensor)) throw fail('a parameter is no tensor');
    return value;
  };
  const elements = (value: unknown, what: string): readonly unknown[] => {
    if (value === undefined) return [];
    if (value instanceof Set) return [...value];
    if (value instanceof List) return value.items;
    if (Array.isArray(value)) return value;
    throw fail(`${what} is made of something that is no list`);
  };
  const set: Callable['call'] = ([items], spend) => {
    const list = elements(items, 'a set');
    spend(list.length);
    return new Set(list);
  };
  const dict: Callable['call'] = ([items], spend) => {
    const pairs = items instanceof Map ? [...items] : elements(items, 'a dict');
    spend(pairs.length);
    return new Map(
      pairs.map((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) throw fail('a dict is made of something that is no pair');
        return [pair[0], pair[1]];
      }),
    );
  };

  const callables: Record<string, Callable['call']> = {
    'torch._utils._rebuild_tensor': (args) => tensor(args, ofStorage),
    // (storage, offset, shape, stride, requires_grad, backward_hooks, metadata)
    'torch._utils._rebuild_tensor_v2': (args) => tensor(args, ofStorage),
    // The same with a dtype in the seventh place, over a storage of bytes.
    'torch._utils._rebuild_tensor_v3': (args) => tensor(args, () => args[6]),
    'torch._utils._rebuild_parameter': parameter,
    'torch._utils._rebuild_parameter_with_state': parameter,
    'torch.nn.parameter.Parameter': parameter,
    'torch.Size': ([extents]) => extents,
    'torch.device': ([name]) => name,
    'collections.OrderedDict': dict,
    'collections.Counter': dict,
    // Its first argument is the factory of missing values, a class: names of classes are known where they are harmless.
    'collections.defaultdict': ([, items], spend) => dict([items], spend),
    // Bytes, as protocol 2 writes them: text in which each character is a byte.
    '_codecs.encode': ([text], spend) => {
      if (typeof text !== 'string') throw fail('bytes are made of something that is no text');
      spend(text.length);
      return Uint8Array.from(text, (character) => character.charCodeAt(0));
    },
  };
  for (const module of ['builtins', '__builtin__']) {
    callables[`${module}.set`] = set;
    callables[`${module}.frozenset`] = set;
    callables[`${module}.dict`] = dict;
    callables[`${module}.list`] = ([items], spend) => {
      const list = elements(items, 'a list');
      spend(list.length);
      return new List([...list]);
    };
    callables[`${module}.int`] = ([value]) => value ?? 0;
    callables[`${module}.float`] = ([value]) => value ?? 0;
  }

  const globals = new Map<string, unknown>(
    Object.entries(callables).map(([name, call]) => [name, new Callable(name, call)]),
  );
  for (const [storage, dtype, own] of elementTypes) {
    // Saved on a GPU, loaded here.
    for (const module of ['torch', 'torch.cuda', 'torch.storage'])
      globals.set(`${module}.${storage}`, new StorageType(own));
    globals.set(`torch.${dtype}`, new TorchDtype(own));
  }
  globals.set('torch.storage.UntypedStorage', new StorageType(undefined));
  globals.set('torch.UntypedStorage', new StorageType(undefined));
  return globals;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
