// Hands the fragments of main streams to footage and remembers which cameras it refuses, and why.
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Fragment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';

export interface StorageTrouble {
  readonly reason: 'storage_full' | 'storage_missing' | 'storage_slow';
  readonly detail: string;
  readonly sinceAtMs: number;
}

export interface StreamRecording {
  /** Resolves, in any case, when footage does not need the fragment's bytes any more. */
  append(cameraId: string, fragment: Fragment): Promise<void>;
  close(cameraId: string): void;
  /** Why the newest fragment of the camera is not in footage; undefined when it is. */
  trouble(cameraId: string): StorageTrouble | undefined;
}

export function createStreamRecording(options: {
  footage: {
    /** The fragment's bytes may change once the promise has settled. */
    append(cameraId: string, fragment: Fragment): Promise<unknown>;
    closeCamera(cameraId: string): Promise<void>;
  };
  clock: Clock;
  logger: Logger;
  notify: (cameraId: string) => void;
}): StreamRecording {
  const { footage, clock, logger, notify } = options;
  const troubles = new Map<string, StorageTrouble>();

  function refused(cameraId: string, error: unknown): void {
    const code = isAppError(error) ? error.code : '';
    const reason = code === 'storage_full' || code === 'storage_missing' ? code : 'storage_slow';
    const detail = errorMessage(error).slice(0, 200);
    const before = troubles.get(cameraId);
    const changed = before?.reason !== reason;
    troubles.set(cameraId, { reason, detail, sinceAtMs: changed ? clock.nowMs() : before.sinceAtMs });
    if (!changed) return;
    logger.warn({ cameraId, reason, detail }, 'footage is being lost');
    notify(cameraId);
  }

  return {
    append(cameraId, fragment) {
      return footage.append(cameraId, fragment).then(
        () => {
          if (troubles.delete(cameraId)) notify(cameraId);
        },
        (error: unknown) => refused(cameraId, error),
      );
    },
    close(cameraId) {
      troubles.delete(cameraId);
      footage.closeCamera(cameraId).catch((error: unknown) => {
        logger.warn({ cameraId, reason: errorMessage(error) }, 'a footage file was not closed');
      });
    },
    trouble: (cameraId) => troubles.get(cameraId),
  };
}
