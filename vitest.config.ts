import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** `source`: workspaces are imported as TypeScript, so tests need no build. */
const conditions = ['source', 'module', 'node'];
/** What is started whole mostly waits, for footage above all: three at once keep two cores not busy. */
const wholeAtOnce = 3;
const common = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source', 'node'] } },
};

/** Short files that run the suites of many others: begun first, so that nothing waits for one of them at the end. */
const long = /\/(cases|auth)(\.postgres)?\.test\.ts$/;
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const isLong = ({ moduleId }: TestSpecification) => Number(long.test(moduleId));
    return (await super.sort(files)).sort((one, other) => groupOf(one) - groupOf(other) || isLong(other) - isLong(one));
  }
}

/** They keep both cores busy, or count what happens in a second or what memory is taken: nothing else runs meanwhile. */
const alone = [
  'test/integration/{command-lines,faults,faults-storm,http-attack,recorder-kill}.test.ts',
  'test/e2e/wall.test.ts',
];

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // Projects of one group run at the same time; groups one after another.
    projects: [
      {
        ...common,
        test: {
          name: 'postgres',
          include: ['server/src/**/*.postgres.test.ts'],
          globalSetup: ['test/harness/postgres-server.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...common,
        test: {
          name: 'unit',
          include: ['{shared,server,client}/src/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
          exclude: ['**/*.postgres.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...common,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: alone,
          maxWorkers: wholeAtOnce,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...common,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: alone,
          maxWorkers: wholeAtOnce,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...common,
        test: {
          name: 'alone',
          include: alone,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
