// A state dict as torch.save would write it: a zip of uncompressed records, with a pickle that names nothing but tensors and
// OrderedDicts, so torch.load reads it with weights_only=True. Layout and names: read-zip.node.ts.

import { type Zippable, zipSync } from 'fflate';
import { ResiduaError } from '../../errors.ts';
import { stridesOf } from '../../tensor/shape.ts';
import type { SafeDtype, SafeTensor } from '../safetensors-dtypes.ts';

const storageTypes: Readonly<Partial<Record<SafeDtype, string>>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

const FOLDER = 'archive';
/** Where PyTorch lets the data of records begin, so that a file can be mapped into memory. */
const ALIGNMENT = 64;
/** PyTorch's mark of a field that only fills space: 'FB'. */
const PADDING_FIELD = 0x4246;
const LOCAL_HEADER_BYTES = 30;
const FIELD_HEADER_BYTES = 4;
/** zip's own limit; archives beyond it need an extension. */
const MAX_BYTES = 2 ** 32 - 2 ** 20;

/**
 * @param tensors by state_dict name, in the order in which PyTorch shall see them
 * @param extra free text that PyTorch passes over, by name
 * @returns the same bytes for the same content
 * @throws ResiduaError for 16-bit floats, which can't be written, and beyond 4 GB
 */
export function writeTorchFile(
  tensors: ReadonlyMap<string, SafeTensor>,
  extra: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (total > MAX_BYTES) {
    throw new ResiduaError(`${total} bytes of weights are too many for a .pth file, which has at most 4 GB`, {
      hint: 'Export to safetensors.',
    });
  }
  const text = (value: string) => new TextEncoder().encode(value);
  const records: [string, Uint8Array][] = [
    ['data.pkl', pickleOf(tensors)],
    ['byteorder', text('little')],
    ...[...tensors.values()].map(({ data }, key): [string, Uint8Array] => [`data/${key}`, bytesOf(data)]),
    ...[...extra].map(([name, value]): [string, Uint8Array] => [`extra/${name}`, text(value)]),
    ['version', text('3\n')],
  ];

  const files: Zippable = {};
  let at = 0;
  for (const [record, bytes] of records) {
    const name = `${FOLDER}/${record}`;
    const begin = at + LOCAL_HEADER_BYTES + text(name).length + FIELD_HEADER_BYTES;
    const padding = (ALIGNMENT - (begin % ALIGNMENT)) % ALIGNMENT;
    const mtime = new Date(1980, 0, 1); // the first that zip knows, so that equal content gives equal files
    files[name] = [bytes, { level: 0, mtime, extra: { [PADDING_FIELD]: new Uint8Array(padding) } }];
    at = begin + padding + bytes.length;
  }
  return zipSync(files);
}

function bytesOf({ buffer, byteOffset, byteLength }: SafeTensor['data']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** OrderedDict of name -> _rebuild_tensor_v2(storage, offset, shape, stride, requires_grad, backward_hooks). */
function pickleOf(tensors: ReadonlyMap<string, SafeTensor>): Uint8Array {
  const pickle = new PickleWriter();
  pickle.emptyOrderedDict();
  pickle.opcode('MARK');
  let key = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const storageType = storageTypes[dtype];
    if (storageType === undefined) {
      throw new ResiduaError(`tensor '${name}': ${dtype} cannot be written`, {
        hint: 'Write its values as F32, which holds them exactly.',
      });
    }
    const storage = String(key++);
    pickle.text(name);
    pickle.global('torch._utils', '_rebuild_tensor_v2');
    pickle.tuple(() => {
      pickle.tuple(() => {
        pickle.text('storage');
        pickle.global('torch', storageType);
        pickle.text(storage);
        pickle.text('cpu');
        pickle.integer(data.length);
      });
      pickle.opcode('BINPERSID');
      pickle.integer(0);
      pickle.integers(shape);
      pickle.integers(stridesOf(shape));
      pickle.opcode('NEWFALSE');
      pickle.emptyOrderedDict();
    });
    pickle.opcode('REDUCE');
  }
  pickle.opcode('SETITEMS');
  return pickle.end();
}

const opcodes = {
  MARK: 0x28,
  TUPLE: 0x74,
  EMPTY_TUPLE: 0x29,
  BINPERSID: 0x51,
  NEWFALSE: 0x89,
  REDUCE: 0x52,
  SETITEMS: 0x75,
} as const;

/** Protocol 2, the one that torch.save uses. */
class PickleWriter {
  readonly #bytes: number[] = [0x80, 2];

  opcode(name: keyof typeof opcodes): void {
    this.#bytes.push(opcodes[name]);
  }

  text(value: string): void {
    const utf8 = new TextEncoder().encode(value);
    this.#bytes.push(0x58, ...littleEndian(utf8.length, 4)); // BINUNICODE
    for (const byte of utf8) this.#bytes.push(byte);
  }

  /** At least 0. */
  integer(value: number): void {
    if (value < 2 ** 31)
      this.#bytes.push(0x4a, ...littleEndian(value, 4)); // BININT
    else this.#bytes.push(0x8a, 8, ...littleEndian(value, 8)); // LONG1
  }

  global(module: string, name: string): void {
    this.#bytes.push(...new TextEncoder().encode(`c${module}\n${name}\n`));
  }

  tuple(items: () => void): void {
    this.opcode('MARK');
    items();
    this.opcode('TUPLE');
  }

  /** A tuple of them. */
  integers(values: readonly number[]): void {
    this.tuple(() => {
      for (const value of values) this.integer(value);
    });
  }

  emptyOrderedDict(): void {
    this.global('collections', 'OrderedDict');
    this.opcode('EMPTY_TUPLE');
    this.opcode('REDUCE');
  }

  end(): Uint8Array {
    this.#bytes.push(0x2e); // STOP
    return Uint8Array.from(this.#bytes);
  }
}

function littleEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256);
}
