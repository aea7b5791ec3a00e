import type { ClipFile } from '@choi-canh/shared/evidence';
import { instantFromMs } from '@choi-canh/shared/common';
import type { ClipResponse } from '@choi-canh/shared/evidence';
import type { ClipView } from './clips.repository.js';
import { clipDownloadName } from './download-name.js';

/** `progress`: how far the recorder is by now, where that is known better than in the row. */
export function clipOnWire(
  { row, cameraName, incidentNumber }: ClipView,
  progress: number = row.progress,
): ClipResponse {
  return {
    id: row.id,
    incidentId: row.incidentId,
    cameraId: row.cameraId,
    cameraName,
    from: instantFromMs(row.fromAt),
    to: instantFromMs(row.toAt),
    state: row.state,
    progress,
    errorCode: row.errorCode,
    note: row.note,
    // Until all of them are here and proven, none is offered.
    files: row.state === 'done' ? namedFiles({ row, cameraName, incidentNumber }, row.files) : [],
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
    finishedAt: row.finishedAt === null ? null : instantFromMs(row.finishedAt),
  };
}

/**
 * Files with the names under which they are handed out and kept on people's disks. A clip gets them when it is finished,
 * so that they stay as they are if its camera is renamed; older ones still have the recorder's own ("20261122T…").
 */
export function namedFiles(
  { row, cameraName, incidentNumber }: Pick<ClipView, 'row' | 'cameraName' | 'incidentNumber'>,
  files: readonly ClipFile[],
): ClipFile[] {
  return files.map((file) => {
    if (row.state === 'done' && !/^\d{8}T\d{6}/.test(file.fileName)) return file;
    const fromMs = Date.parse(file.from);
    const facts = { incidentNumber, cameraName, fromMs, index: file.index, count: files.length };
    return { ...file, fileName: clipDownloadName(facts) };
  });
}

/** Where a file of a clip is kept. */
export const clipFileKey = (clipId: string, index: number) => `clips/${clipId}/${index}.mp4`;
