// A checkpoint as a file: what its checksum covers, and what it fits.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { hashOf, setUp } from '../../test/tiny-training.ts';
import { ResiduaError } from '../errors.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { readCheckpoint, restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { TrainingState } from './state.ts';

async function tinyCheckpoint(): Promise<Uint8Array> {
  const device = await devices[0].create();
  const bytes = await saveCheckpoint(setUp(device), new TrainingState());
  await device.close();
  return bytes;
}

const refusal = (bytes: Uint8Array) =>
  readCheckpoint(bytes, 'c').then(
    () => 'read',
    (error) => error,
  );

describe('a checkpoint', () => {
  it('carries the SHA-256 of the whole file, its own digits taken as zeros', async () => {
    const file = Buffer.from(await tinyCheckpoint());
    const digits = readSafetensors(file, 'c').metadata.get('sha256')!;
    const zeroed = Buffer.from(file.toString('latin1').replace(digits, '0'.repeat(64)), 'latin1');
    expect(createHash('sha256').update(zeroed).digest('hex')).toBe(digits);
  });

  it('is refused with a flipped bit in any of its parts, or cut anywhere', async () => {
    const file = await tinyCheckpoint();
    expect((await readCheckpoint(file, 'c')).state.step).toBe(0);
    // All of the header's beginning, then a byte in 37.
    const places = Array.from(file.keys()).filter((i) => i < 400 || i % 37 === 0 || i === file.length - 1);
    for (const place of places) {
      const damaged = file.slice();
      damaged[place] ^= 1 << (place % 8);
      expect(await refusal(damaged), `byte ${place}`).toBeInstanceOf(ResiduaError);
      expect(await refusal(file.subarray(0, place)), `${place} bytes`).toBeInstanceOf(ResiduaError);
    }
  });

  it('fits only the model and the optimizer that it was made of, and changes nothing else', async () => {
    const device = await devices[0].create();
    const read = async (trained: Parameters<typeof saveCheckpoint>[0]) =>
      readCheckpoint(await saveCheckpoint(trained, new TrainingState()), 'c');
    const adamw = await read(setUp(device));
    const other = setUp(device, { name: 'sgd' });
    const before = await hashOf(device, other.model);
    await expect(restoreCheckpoint(adamw, other)).rejects.toThrow('it has optimizer.0.exp_avg, the run has not');
    const sgd = await read(setUp(device, { name: 'sgd' }));
    await expect(restoreCheckpoint(sgd, setUp(device))).rejects.toThrow('it has no optimizer.0.exp_avg');
    expect(await hashOf(device, other.model)).toBe(before);
    await device.close();
  });

  it.each([Number.NaN, -Infinity])('is not made of a model with %d in it', async (value) => {
    const device = await devices[1].create();
    const trained = setUp(device);
    const weights = trained.model.stateDict().get('fc.weight')!;
    await device.write(
      weights,
      Float32Array.from(weights.value, (old, i) => (i === 5 ? value : old)),
    );
    const saving = saveCheckpoint(trained, new TrainingState());
    await expect(saving).rejects.toThrow('model.fc.weight holds');
    await device.close();
  });
});
