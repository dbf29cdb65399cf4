import { defineConfig, type UserConfig } from 'tsdown';

const node: UserConfig = {
  entry: {
    node: 'src/node.ts',
    cli: 'src/cli/main.ts',
    'loader-worker': 'src/data/loader-worker.node.ts',
    'bench-runner': 'src/cli/bench/runner.node.ts',
  },
  copy: ['src/cli/bench/pytorch.py'],
  platform: 'node',
  target: 'node20',
  format: 'esm',
  fixedExtension: false,
  // Types are made by tsdown.types.config.ts.
  dts: false,
  // Neither minified nor far from the source.
  sourcemap: false,
};

/** Errors and layer tables name classes. */
const keepNames = { class: true, function: false };

/** One file each, without imports, ready for a script tag. */
const browser = (name: string): UserConfig => ({
  entry: { [name]: `src/${name}.ts` },
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  dts: false,
  sourcemap: true,
  // No module does anything but define things, so what nothing uses goes, tables and all.
  treeshake: { moduleSideEffects: false, propertyReadSideEffects: false, unknownGlobalSideEffects: false },
  minify: { compress: { keepNames }, mangle: { keepNames }, codegen: true },
});

export default defineConfig([node, browser('browser'), browser('full')]);
