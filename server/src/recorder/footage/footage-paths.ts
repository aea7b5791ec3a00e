// Where footage lies: <camera>/<UTC day>/<start ms>-<run>.mp4 with its index beside it. Names are the whole truth about
// what belongs to us; anything else in the folder is left alone.
import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import { AppError } from '../../lib/errors.js';

const cameraIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const filePattern = /^(\d{1,16})-(\d{1,12})\.mp4$/;

export function assertCameraId(cameraId: string): void {
  if (!cameraIdPattern.test(cameraId)) throw new AppError('invalid', 'bad_camera_id', 'camera id is not a plain name');
}

export const isCameraFolder = (name: string): boolean => cameraIdPattern.test(name);
export const isDayFolder = (name: string): boolean => dayPattern.test(name);
export const isFootageName = (name: string): boolean => filePattern.test(name);

/** Relative to the footage folder, with `/`. */
export function footagePath(cameraId: string, startAtMs: number, run: number): string {
  const day = new Date(startAtMs).toISOString().slice(0, 10);
  return `${cameraId}/${day}/${Math.floor(startAtMs)}-${run}.mp4`;
}

export function parseFootagePath(path: string): { cameraId: string; startAtMs: number; run: number } | undefined {
  const [cameraId, day, name, ...rest] = path.split('/');
  const match = filePattern.exec(name ?? '');
  if (!isCameraFolder(cameraId ?? '') || !isDayFolder(day ?? '') || match === null || rest.length > 0) return undefined;
  return { cameraId: cameraId!, startAtMs: Number(match[1]), run: Number(match[2]) };
}

/** Follows from the path, so that it survives the loss of catalogue and index; letters and digits only. */
export function fileIdOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 24);
}

export const indexPathOf = (path: string): string => path.replace(/\.mp4$/, '.idx');

/** Names the file that is being written; there while there is one. */
export const openMarkerOf = (cameraId: string): string => `${cameraId}/open.json`;

/** @throws AppError internal when `path` would leave the footage folder */
export function absolutePath(directory: string, path: string): string {
  const absolute = join(directory, path);
  const inside = relative(directory, absolute);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`))
    throw new AppError('internal', 'path_outside', 'a footage path leaves the footage folder');
  return absolute;
}
