// Residua in a browser, with everything that needs no Node: what browser.ts leaves out to stay small, too.

export { createDevice, type DeviceName, type DeviceOptions } from './devices/create-device.browser.ts';
export * from './index.ts';
