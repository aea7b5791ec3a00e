// Which footage retention must not touch. Kept in a file of its own beside the footage, so that a hold outlives the
// loss of the catalogue.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeDurably } from '../../lib/durable-file.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { Hold } from './footage-types.js';

const fileSchema = z.object({
  version: z.literal(1),
  holds: z.array(z.object({ id: z.string(), cameraId: z.string(), fromMs: z.number(), toMs: z.number() })),
});

export interface Holds {
  /** False when there was no list or it was damaged: nothing may be deleted until a complete one came. */
  load(): Promise<boolean>;
  /** Durable when it resolves; effective at once. */
  set(holds: readonly Hold[], complete: boolean): Promise<void>;
  /** Whether any hold touches [fromMs, toMs] of the camera. */
  isHeld(cameraId: string, fromMs: number, toMs: number): boolean;
  /** Changes whenever what is held may have changed. */
  revision(): number;
  ofCamera(cameraId: string): readonly Hold[];
}

export function createHolds(options: { path: string; logger: Logger }): Holds {
  let byId = new Map<string, Hold>();
  let byCamera = new Map<string, Hold[]>();
  let revision = 0;
  let writing: Promise<void> = Promise.resolve();

  function replace(holds: Iterable<Hold>): void {
    byId = new Map();
    byCamera = new Map();
    revision += 1;
    for (const hold of holds) byId.set(hold.id, hold);
    for (const hold of byId.values()) {
      const ofCamera = byCamera.get(hold.cameraId);
      if (ofCamera === undefined) byCamera.set(hold.cameraId, [hold]);
      else ofCamera.push(hold);
    }
  }

  return {
    async load() {
      try {
        const parsed = fileSchema.parse(JSON.parse(await readFile(options.path, 'utf8')));
        replace(parsed.holds);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          options.logger.error({ reason: errorMessage(error) }, 'the list of holds is damaged: nothing is deleted');
        return false;
      }
    },
    async set(holds, complete) {
      // New holds work before they are durable; released ones keep working until the new list is.
      replace([...byId.values(), ...holds]);
      const wanted = complete ? [...holds] : [...byId.values()];
      const write = writing
        .catch(() => undefined) // the caller of that write was told
        .then(() => writeDurably(options.path, JSON.stringify({ version: 1, holds: wanted })));
      writing = write;
      await write;
      if (writing === write) replace(wanted);
    },
    isHeld: (cameraId, fromMs, toMs) =>
      byCamera.get(cameraId)?.some((hold) => hold.fromMs <= toMs && hold.toMs >= fromMs) ?? false,
    revision: () => revision,
    ofCamera: (cameraId) => byCamera.get(cameraId) ?? [],
  };
}
