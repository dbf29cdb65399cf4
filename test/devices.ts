// The devices that the shared tests run on.

import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import type { Device } from '../src/devices/device.ts';
import { createReferenceDevice } from '../src/devices/reference/device.ts';

export interface DeviceUnderTest {
  readonly name: string;
  create(): Promise<Device> | Device;
}

export const devices: readonly DeviceUnderTest[] = [
  { name: 'reference', create: createReferenceDevice },
  { name: 'cpu with 1 thread', create: () => createNodeCpuDevice({ threads: 1 }) },
  { name: 'cpu with 2 threads', create: () => createNodeCpuDevice({ threads: 2 }) },
  { name: 'cpu with 3 threads', create: () => createNodeCpuDevice({ threads: 3 }) },
];
