// What torch.save writes since PyTorch 1.6: a zip archive of uncompressed records.
//
//   NAME/data.pkl     the object; its tensors refer to storages by key
//   NAME/data/KEY     the elements of a storage
//   NAME/byteorder    little or big; little where it is missing
//   NAME/extra/KEY    free text, such as a description of the model; PyTorch passes over it

import { ResiduaError } from '../../errors.ts';
import { type TorchFile, tensorsOf } from './torch-file.ts';
import { torchHost } from './torch-objects.ts';
import { unpickle } from './unpickle.ts';
import { openZip } from './zip.node.ts';

/** 'PK', and what a first record or an empty archive goes on with. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** @throws ResiduaError when the file is damaged, holds more than tensors and plain containers, or no state dict */
export async function readTorchZip(bytes: Uint8Array, source: string): Promise<TorchFile> {
  const host = torchHost(source);
  const records = await openZip(bytes, source);
  const names = [...records.names];
  const pickle = names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw new ResiduaError(`${source} is a zip archive, but not one of PyTorch's: it has no NAME/data.pkl`, {
      hint: 'Name a file that torch.save wrote.',
    });
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (records.names.has(`${folder}constants.pkl`)) {
    throw new ResiduaError(`${source} is a TorchScript program, not a file of weights`, {
      hint: 'Save its weights in Python: torch.save(torch.jit.load(FILE).state_dict(), OTHER).',
    });
  }
  const text = async (name: string) => new TextDecoder().decode(await records.read(name));
  const order = records.names.has(`${folder}byteorder`) ? await text(`${folder}byteorder`) : 'little';
  if (order !== 'little' && order !== 'big') throw host.fail('its byte order is neither little nor big');

  const root = unpickle(await records.read(pickle), host).value;
  const storages = {
    bytesOf: ({ key }: { key: string }) => records.read(`${folder}data/${key}`),
    littleEndian: order === 'little',
    fileSize: bytes.length,
  };
  const found = await tensorsOf(root, storages, source, host.fail);
  const metadata = new Map<string, string>();
  const extra = `${folder}extra/`;
  for (const name of names.filter((each) => each.startsWith(extra))) {
    metadata.set(name.slice(extra.length), await text(name));
  }
  return { ...found, metadata };
}
