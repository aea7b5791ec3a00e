// Which ffmpeg is installed, and whether it is new enough.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The first with every option that ffmpeg-arguments.ts uses. */
export const oldestVersion = '5.1';

/** The version as ffmpeg states it, e.g. `5.1.9-0+deb12u1` or `N-117000-gabc`. @throws when it cannot be run */
export async function ffmpegVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['-version'], { timeout: 10_000, maxBuffer: 64 * 1024 });
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} is not ffmpeg`);
  return version;
}

/** Development builds carry no number and are taken as new. */
export function isNewEnough(version: string): boolean {
  const numbers = /^n?(\d+)\.(\d+)/.exec(version);
  if (numbers === null) return true;
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
  return major > 5 || (major === 5 && minor >= 1);
}
