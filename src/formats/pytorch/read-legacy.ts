// What torch.save wrote before PyTorch 1.6 (and writes with _use_new_zipfile_serialization=False): pickles one after the
// other, then raw storages:
//
//   magic number | protocol | the writer's system | the object | keys | for each key: number of elements, elements

import { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';
import { dtypes } from '../safetensors-dtypes.ts';
import { ByteReader } from './byte-reader.ts';
import { type TorchFile, tensorsOf } from './torch-file.ts';
import { TorchStorage, torchHost } from './torch-objects.ts';
import { List, unpickle } from './unpickle.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** The magic number as protocols 2 to 5 pickle it: LONG1 of 10 bytes, after PROTO and perhaps a frame. */
const START = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

export function isTorchLegacy(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x80) return false;
  const at = bytes[2] === 0x95 ? 11 : 2;
  return START.every((byte, i) => bytes[at + i] === byte);
}

/** @throws ResiduaError when the file is damaged, holds more than tensors and plain containers, or no state dict */
export async function readTorchLegacy(bytes: Uint8Array, source: string): Promise<TorchFile> {
  const host = torchHost(source);
  const types = new Map<string, TorchStorage>();
  let at = 0;
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, host, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw host.fail("it does not begin with PyTorch's magic number");
  const protocol = next();
  if (protocol !== PROTOCOL) throw host.fail(`it has protocol ${printable(protocol)}, expected ${PROTOCOL}`);
  const system = next();
  const littleEndian = !(system instanceof Map) || system.get('little_endian') !== false;

  const persistent = (id: unknown): unknown => {
    const storage = host.persistent(id);
    if (storage instanceof TorchStorage) types.set(storage.key, storage);
    return storage;
  };
  const object = unpickle(bytes, { ...host, persistent }, at);
  at = object.end;
  const keys = next();
  if (!(keys instanceof List)) throw host.fail('the list of its storages is missing');

  const reader = new ByteReader(bytes, host.fail, at);
  const storages = new Map<string, Uint8Array>();
  for (const key of keys.items) {
    const type = typeof key === 'string' || typeof key === 'number' ? types.get(String(key)) : undefined;
    if (type === undefined) throw host.fail(`it has a storage ${printable(key)} that nothing refers to`);
    const length = reader.uint64();
    storages.set(type.key, reader.take(length * (type.dtype === undefined ? 1 : dtypes.get(type.dtype)!.size)));
  }
  const bytesOf = ({ key }: TorchStorage): Uint8Array => {
    const found = storages.get(key);
    if (found === undefined) throw new ResiduaError(`${source}: storage ${printable(key)} is missing: it is cut short`);
    return found;
  };
  const rest = { bytesOf, littleEndian, fileSize: bytes.length };
  return { ...(await tensorsOf(object.value, rest, source, host.fail)), metadata: new Map() };
}
