// The devices that the shared tests run on.

import type { Device } from '../src/devices/device.ts';
import { createReferenceDevice } from '../src/devices/reference/device.ts';

export interface DeviceUnderTest {
  readonly name: string;
  create(): Promise<Device> | Device;
}

export const devices: readonly DeviceUnderTest[] = [{ name: 'reference', create: createReferenceDevice }];
