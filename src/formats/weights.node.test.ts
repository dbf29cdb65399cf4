// Files that PyTorch wrote (test/golden/pth, by make.py there) give the values that PyTorch had, and files that no PyTorch
// would write are refused: nothing is executed, and little memory is used.

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { writeSafetensors } from './safetensors.ts';
import { readWeights, readWeightsFile, type Weights } from './weights.node.ts';

const golden = (name: string) => readFileSync(new URL(`../../test/golden/pth/${name}`, import.meta.url));
const open = (name: string) => readWeights(golden(name), name);
type Expected = Record<string, { shape: number[]; values: (number | string)[] }>;
const expected: Record<'state' | 'views' | 'dtypes', Expected> = JSON.parse(golden('expected.json').toString());

/** Shapes and values as expected.json has them. */
function described({ tensors }: Weights): Expected {
  return Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => {
      const values = Array.from<number | bigint, number | string>(data, (v) => (typeof v === 'bigint' ? `${v}` : v));
      return [name, { shape: [...shape], values }];
    }),
  );
}

describe("PyTorch's files", () => {
  it.each(['state-dict.pth', 'state-dict-legacy.pth', 'protocol-1.pth', 'protocol-5.pth', 'protocol-4-legacy.pth'])(
    '%s holds the state dict, in its order',
    async (name) => {
      const weights = await open(name);
      expect(weights).toMatchObject({ format: 'pth', notes: [] });
      expect(described(weights)).toEqual(expected.state);
      expect([...weights.tensors.keys()]).toEqual(Object.keys(expected.state));
      expect(weights.tensors.get('bn.num_batches_tracked')!.dtype).toBe('I64');
    },
  );

  it.each(['views.pth', 'views-legacy.pth'])('%s: views of a shared storage, in any order', async (name) => {
    expect(described(await open(name))).toEqual(expected.views);
  });

  it.each(['dtypes.pth', 'dtypes-legacy.pth'])('%s: each element type', async (name) => {
    const weights = await open(name);
    expect(described(weights)).toEqual(expected.dtypes);
    expect([...weights.tensors.values()].map(({ dtype }) => dtype).join()).toBe(
      'F64,F32,F16,BF16,I64,I32,I16,I8,U8,BOOL',
    );
  });

  it('parameters.pth: parameters are tensors', async () => {
    const { 'bn.running_mean': _, 'bn.running_var': __, 'bn.num_batches_tracked': ___, ...parameters } = expected.state;
    expect(described(await open('parameters.pth'))).toEqual(parameters);
  });

  it.each(['checkpoint.pth', 'checkpoint-legacy.pth'])(
    '%s: finds the weights of a DataParallel network beside its optimizer, and says so',
    async (name) => {
      const weights = await open(name);
      expect(described(weights)).toEqual(expected.state);
      expect(weights.notes).toEqual([
        "The weights are those under 'state_dict'.",
        "'module.' was taken off each name.",
      ]);
    },
  );

  it('are read from the middle of a larger buffer', async () => {
    for (const name of ['views.pth', 'views-legacy.pth']) {
      const file = golden(name);
      const padded = new Uint8Array(file.length + 3);
      padded.set(file, 3);
      expect(described(await readWeights(padded.subarray(3), 'x'))).toEqual(expected.views);
    }
  });
});

describe('a file with code in it is refused, naming it, and not executed', () => {
  it.each([
    ['code.pth', 'posix.system'],
    ['code-legacy.pth', 'posix.system'],
    ['whole-model.pth', 'torch.nn.modules.container.Sequential'],
  ])('%s', async (name, global) => {
    await expect(open(name)).rejects.toThrow(`${name}: the file names '${global}', which is neither a tensor nor a`);
    expect(existsSync('/tmp/residua-code-was-executed')).toBe(false);
  });
});

describe('other files', () => {
  it('safetensors come through the same door', async () => {
    const bytes = writeSafetensors([['a', { dtype: 'F32', shape: [1], data: Float32Array.of(3) }]], [['k', 'v']]);
    const weights = await readWeights(bytes, 'x');
    expect(weights.format).toBe('safetensors');
    expect([...weights.metadata]).toEqual([['k', 'v']]);
    expect(weights.tensors.get('a')!.data).toEqual(Float32Array.of(3));
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'it begins with nothing: it is empty'],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0), '89 50 4e 47 0d 0a 1a 0a'],
    [
      'a pickle that is no PyTorch file',
      Buffer.from('80025d2e', 'hex'),
      'neither safetensors nor what torch.save writes',
    ],
    ['another zip', zipSync({ 'a.txt': new Uint8Array(3) }), "not one of PyTorch's"],
    ['a zip without records', zipSync({}), "not one of PyTorch's"],
    ['TorchScript', zipSync({ 'm/data.pkl': new Uint8Array(3), 'm/constants.pkl': new Uint8Array(3) }), 'TorchScript'],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(readWeights(bytes, 'x')).rejects.toThrow(ResiduaError);
    await expect(readWeights(bytes, 'x')).rejects.toThrow(message);
  });

  it('says when there is no such file', async () => {
    await expect(readWeightsFile('/no/such.pth')).rejects.toThrow('there is no /no/such.pth');
    await expect(readWeightsFile('/')).rejects.toThrow('cannot read /');
  });
});

/** A PyTorch zip whose pickle is written by hand: \x80\x02, then these parts. */
function archive(parts: readonly (string | number[])[], records: Record<string, Uint8Array> = {}): Uint8Array {
  const pickle = [
    0x80,
    2,
    ...parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
    0x2e,
  ];
  const files = { 'a/data.pkl': Uint8Array.from(pickle), 'a/data/0': new Uint8Array(40), ...records };
  return zipSync(files, { level: 0 });
}
const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`;
const int = (value: number) => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)];
/** A state dict with one float32 tensor 't'. */
function oneTensor({ shape = [10], stride = [1], offset = 0, length = 10, key = '0' }): (string | number[])[] {
  const tuple = (values: number[]) => ['(', ...values.map(int), 't'];
  const storage = ['(', text('storage'), 'ctorch\nFloatStorage\n', text(key), text('cpu'), int(length), 'tQ'];
  return [
    '}',
    text('t'),
    'ctorch._utils\n_rebuild_tensor_v2\n(',
    ...storage,
    int(offset),
    ...tuple(shape),
    ...tuple(stride),
    [0x89],
    'NtRs',
  ];
}

describe('a hostile pickle', () => {
  it('(the archives made here are otherwise right)', async () => {
    const { tensors } = await readWeights(archive(oneTensor({})), 'x');
    expect(tensors.get('t')).toMatchObject({ dtype: 'F32', shape: [10] });
  });

  it('(and may say that another machine wrote it, most significant byte first)', async () => {
    const little = new Uint8Array(Float32Array.from({ length: 10 }, (_, i) => i + 0.5).buffer);
    const records = { 'a/byteorder': Buffer.from('big'), 'a/data/0': Buffer.from(little).swap32() };
    const { tensors } = await readWeights(archive(oneTensor({}), records), 'x');
    expect([...(tensors.get('t')!.data as Float32Array)]).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]);
    const odd = { 'a/byteorder': Buffer.from('middle') };
    await expect(readWeights(archive(oneTensor({}), odd), 'x')).rejects.toThrow('byte order is neither');
  });

  const million = 1_000_000;
  it.each<[string, Uint8Array, string]>([
    [
      'a tensor beyond its storage',
      archive(oneTensor({ shape: [11] })),
      "'t' (shape [11], stride [1], offset 0) reaches",
    ],
    ['an offset beyond it', archive(oneTensor({ offset: 1 })), 'reaches beyond the 10 elements'],
    ['a negative stride', archive(oneTensor({ stride: [-1] })), 'impossible shape, stride or offset'],
    ['shape and stride that differ', archive(oneTensor({ shape: [2, 5] })), 'impossible shape, stride or offset'],
    ['a storage that says to be larger', archive(oneTensor({ length: 11 })), 'should have 44 bytes, found 40'],
    ['a storage that is not there', archive(oneTensor({ key: '1' })), 'the record a/data/1 is missing'],
    ['a key that leaves the folder', archive(oneTensor({ key: '../data.pkl' })), 'a/data/../data.pkl is missing'],
    ['a huge tensor of one element', archive(oneTensor({ shape: [2e9, 2e9], stride: [0, 0] })), '16 times the memory'],
    ['a compressed record', zipSync({ 'a/data.pkl': new Uint8Array(million) }), 'is compressed'],
    ['a call of no function', archive(['}(tR']), 'calls something that is no function'],
    ['a call of a class by NEWOBJ', archive(['cos\nsystem\n(', text('id'), 't', [0x81]]), "'os.system'"],
    ['a call by INST', archive(['(', text('id'), 'ios\nsystem\n']), "'os.system'"],
    ['a name from the stack', archive([text('os'), text('system'), [0x93]]), "'os.system'"],
    ['a name of no text', archive(['KaKb', [0x93]]), 'by something that is no text'],
    ['a name with control characters', archive(['cos\x1b[31m\nsystem\n']), "'os?[31m.system'"],
    ['a registered extension', archive([[0x82, 1]]), 'unknown opcode 0x82'],
    ['an empty stack', archive(['s']), 'takes a value from an empty stack'],
    ['a mark that is not there', archive(['u']), 'a mark that it has not set'],
    ['an object that was not remembered', archive(['h\x05']), 'recalls object 5'],
    ['text that goes on for ever', archive(['X\xff\xff\xff\xff']), 'it is cut short: 4294967295 bytes'],
    ['an integer of a gigabyte', archive([[0x8b, 0, 0, 0, 0x40]]), 'an integer of 1073741824 bytes'],
    ['ten million values', archive([`](${'N'.repeat(3 * million)}e`]), 'takes more than 2000000 operations'],
    ['a list that holds itself', archive([']q\x00h\x00a']), 'holds no state dict: it is no dict'],
    ['a dict that holds itself', archive(['}q\x00', text('state_dict'), 'h\x00s']), 'holds no state dict'],
    ['a dict as its own key', archive(['}q\x00h\x00Ns']), 'holds no state dict'],
    ['a long chain of lists', archive([`${']'.repeat(400_000)}${'a'.repeat(399_999)}`]), 'it is no dict'],
    ['doubling lists', archive([`]q\x00${'](h\x00h\x00eq\x00'.repeat(10_000)}`]), 'it is no dict'],
    [
      'many copies of a long list',
      archive([`](${'N'.repeat(50_000)}eq\x00${'cbuiltins\nlist\nh\x00\x85R0'.repeat(50_000)}`]),
      'copies more than a pickle of its size can need',
    ],
    [
      'a key of doubling tuples',
      archive([`}K\x00\x85${'q\x00h\x00\x86'.repeat(10_000)}Ns`]),
      'holds no state dict: its keys are (tuple)',
    ],
    [
      'a name that is as long as the file',
      archive(['}X\x40\x42\x0f\x00', 'k'.repeat(million), 'Ns']),
      `${'k'.repeat(80)}...`,
    ],
    [
      'many copies of a long text',
      archive([`X\x50\xc3\x00\x00${'t'.repeat(50_000)}q\x00${'c_codecs\nencode\nh\x00\x85R0'.repeat(20_000)}`]),
      'copies more than a pickle of its size can need',
    ],
    [
      'a device of doubling tuples',
      archive([`K\x00\x85${'q\x00h\x00\x86'.repeat(1000)}q\x00ctorch\ndevice\nh\x00R`]),
      'it is no dict',
    ],
    ['an append to a tuple', archive([')Na']), 'appends to something that is no list'],
    ['a newer protocol', archive([[0x80, 9]]), 'protocol 9'],
  ])('with %s is refused', async (_, bytes, message) => {
    await expect(readWeights(bytes, 'x')).rejects.toThrow(ResiduaError);
    await expect(readWeights(bytes, 'x')).rejects.toThrow(message);
  });

  it.each([
    ['a protocol', 'it has protocol (tuple), expected 1001'],
    ['a key of a storage', 'it has a storage (tuple) that nothing refers to'],
  ])('of the old format with doubling tuples as %s is refused', async (what, message) => {
    const pickle = (text: string) => Buffer.from(`\x80\x02${text}.`, 'latin1');
    const tuples = `K\x00\x85${'q\x00h\x00\x86'.repeat(1000)}`;
    const magic = golden('views-legacy.pth').subarray(2, 14).toString('latin1');
    const parts = what === 'a protocol' ? [magic, tuples] : [magic, 'M\xe9\x03', '}', '}', `](${tuples}e`];
    await expect(readWeights(Buffer.concat(parts.map(pickle)), 'x')).rejects.toThrow(message);
  });

  it('with a damaged record is refused', async () => {
    const bytes = golden('state-dict.pth');
    const at = bytes.indexOf(Buffer.from(Float32Array.of(Number(expected.state['fc.bias'].values[0])).buffer));
    bytes[at] ^= 1;
    await expect(readWeights(bytes, 'x')).rejects.toThrow('its checksum is wrong');
  });
});

describe('fuzzed files give values or a ResiduaError', () => {
  /** Whatever comes out is consistent. */
  async function check(bytes: Uint8Array): Promise<void> {
    try {
      for (const { shape, data } of (await readWeights(bytes, 'x')).tensors.values()) {
        expect(shape.reduce((a, b) => a * b, 1)).toBe(data.length);
        expect(data.byteLength).toBeLessThanOrEqual(16 * bytes.length + 2 ** 20);
      }
    } catch (error) {
      if (!(error instanceof ResiduaError)) throw error;
    }
    expect(existsSync('/tmp/residua-code-was-executed')).toBe(false);
  }
  const names = ['state-dict', 'checkpoint', 'views', 'code'].flatMap((name) => [`${name}.pth`, `${name}-legacy.pth`]);
  const file = fc.constantFrom(...names).map((name) => new Uint8Array(golden(name)));

  it('cut short', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(6000), (bytes, length) => check(bytes.subarray(0, length % bytes.length))),
      { numRuns: 500 },
    );
  });

  it('with wrong bytes', async () => {
    const changes = fc.array(fc.tuple(fc.nat(6000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(file, changes, (bytes, wrong) => {
        for (const [at, value] of wrong) bytes[at % bytes.length] = value;
        return check(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('with any opcodes in the pickle, in both kinds', async () => {
    const opcode = fc.constantFrom(
      ...'0(}])te]asubRQqhXKJNGcio2ldBU\x85\x86\x87\x88\x89\x81\x8a\x8b\x8c\x8f\x90\x91\x93\x94'.split(''),
    );
    const name = fc.constantFrom(
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ccollections\nOrderedDict\n',
      'ctorch\nFloatStorage\n',
      'cbuiltins\nset\n',
      'ctorch\nSize\n',
      text('storage'),
      text('0'),
    );
    const small = fc.nat(255).map((value) => String.fromCharCode(value));
    const program = fc.array(fc.oneof(opcode, name, small), { maxLength: 60 });
    const legacy = golden('code-legacy.pth');
    const before = legacy.indexOf('cposix\nsystem');
    await fc.assert(
      fc.asyncProperty(program, async (parts) => {
        await check(archive(parts));
        await check(archive([...oneTensor({}), ...parts]));
        await check(
          Buffer.concat([legacy.subarray(0, before), Buffer.from(parts.join(''), 'latin1'), legacy.subarray(before)]),
        );
      }),
      { numRuns: 1500 },
    );
  });
});
