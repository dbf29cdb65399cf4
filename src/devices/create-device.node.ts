// The device that a user names, on Node. 'auto' takes the fastest that this machine has.

import { UsageError } from '../errors.ts';
import { createNodeCpuDevice } from './cpu/device.node.ts';
import type { Device } from './device.ts';
import { createReferenceDevice } from './reference/device.ts';

export const deviceNames = ['auto', 'cpu', 'gpu', 'reference'] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface DeviceOptions {
  /** Threads of the cpu device; the number of cores by default. Results don't depend on it. */
  readonly threads?: number;
  /** Avoids relaxed SIMD: the same bits on every machine, and slower. false by default. */
  readonly strict?: boolean;
}

/** @throws UsageError where there is no such device here */
export async function createDevice(name: DeviceName = 'auto', options: DeviceOptions = {}): Promise<Device> {
  if (name === 'reference') return createReferenceDevice();
  if (name === 'gpu') {
    throw new UsageError('there is no GPU device yet', { hint: 'Use --device cpu, or auto.' });
  }
  return createNodeCpuDevice(options);
}
