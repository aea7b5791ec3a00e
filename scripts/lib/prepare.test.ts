import { expect, it } from 'vitest';
import { prepare } from './prepare.mjs';

async function stepsOf(args: string[]): Promise<string[]> {
  const done: string[] = [];
  const note = (name: string) => () => Promise.resolve(void done.push(name));
  await prepare(args, {
    checkNode: () => void done.push('node'),
    ensureSystemPackages: note('system'),
    ensureDependencies: note('packages'),
    ensureBuild: note('build'),
  });
  return done;
}

it.each([
  [[], ['node', 'system', 'packages', 'build']],
  [
    ['--cameras', '6'],
    ['node', 'system', 'packages', 'build'],
  ],
  [['--help'], ['node', 'packages']],
])('before %j: %j', async (args, steps) => expect(await stepsOf(args)).toEqual(steps));
