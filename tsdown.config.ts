import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
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
  dts: false,
  sourcemap: true,
});
