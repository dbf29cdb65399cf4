// The types of the package, one file an entry and what they share, made by TypeScript itself. Apart from the build, which takes
// half the time without them: only who installs the package reads them. `npm run package` makes both.

import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { node: 'src/node.ts', browser: 'src/browser.ts', full: 'src/full.ts' },
  format: 'esm',
  fixedExtension: false,
  dts: { emitDtsOnly: true },
  outputOptions: { chunkFileNames: 'shared-[hash].js' },
  clean: false,
  checks: { pluginTimings: false },
});
