import { instantFromMs } from '@choi-canh/shared/common';
import type { ClipResponse } from '@choi-canh/shared/evidence';
import type { ClipView } from './clips.repository.js';

/** `progress`: how far the recorder is by now, where that is known better than in the row. */
export function clipOnWire({ row, cameraName }: ClipView, progress: number = row.progress): ClipResponse {
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
    files: row.state === 'done' ? row.files : [],
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
    finishedAt: row.finishedAt === null ? null : instantFromMs(row.finishedAt),
  };
}

/** Where a file of a clip is kept. */
export const clipFileKey = (clipId: string, index: number) => `clips/${clipId}/${index}.mp4`;
