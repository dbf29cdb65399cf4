import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest: they begin first, that none of them is left alone at the end, on one core. */
const long = [
  'test/faults/kill.test.ts',
  'test/studio/training.test.ts',
  'test/golden/train10.test.ts',
  'src/devices/cpu/kernels/winograd/winograd.test.ts',
  'src/train/loop.test.ts',
  'test/cli/train.test.ts',
  'test/studio/runs.test.ts',
  'test/faults/disk.test.ts',
  'test/faults/dead-threads.test.ts',
  'src/devices/cpu/kernels/direct/direct.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = long.findIndex((file) => moduleId.endsWith(`/${file}`));
      return place < 0 ? long.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
