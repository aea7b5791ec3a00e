import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import { DelayedFile } from '../lib/delayed-file.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

const stored = z.object({ version: z.literal(1), cameras: z.record(idSchema, z.int()) });
/** More than 5,000 cameras need. */
const maxBytes = 1024 * 1024;
/** Hundreds of cameras answer together after a start. */
const writeAfterMs = 1000;

/**
 * Which cameras took their password as a digest, over restarts: whoever takes their place cannot ask for it in clear. An
 * entry counts for the password that was typed then; typing it again is a person's word that the camera changed.
 */
export class DigestStore {
  readonly path: string;
  readonly #logger: Logger;
  readonly #typedAt = new Map<string, number>();
  readonly #file: DelayedFile;

  /** `file`: a name of its own for each way of signing in; a camera may take a digest in one and not in the other. */
  constructor({ folder, file = 'digest-cameras.json', logger }: { folder: string; file?: string; logger: Logger }) {
    this.path = join(folder, file);
    this.#logger = logger;
    this.#file = new DelayedFile({
      path: this.path,
      afterMs: writeAfterMs,
      content: () =>
        JSON.stringify({ version: 1, cameras: Object.fromEntries(this.#typedAt) } satisfies z.infer<typeof stored>),
      onFailure: (error) => logger.warn({ error }, 'known digests could not be written'),
    });
  }

  /** A file that cannot be read is logged, and written again as cameras answer. */
  async start(): Promise<void> {
    try {
      if ((await stat(this.path)).size > maxBytes) throw new Error('the file is too large');
      const { cameras } = stored.parse(JSON.parse(await readFile(this.path, 'utf8')));
      for (const [id, typedAt] of Object.entries(cameras)) this.#typedAt.set(id, typedAt);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#logger.warn({ path: this.path, error: errorMessage(error).slice(0, 200) }, 'known digests cannot be read');
    }
  }

  took(cameraId: string, passwordTypedAt: number): void {
    if (this.#typedAt.get(cameraId) === passwordTypedAt) return;
    this.#typedAt.set(cameraId, passwordTypedAt);
    this.#file.changed();
  }

  tookBefore(cameraId: string, passwordTypedAt: number): boolean {
    return this.#typedAt.get(cameraId) === passwordTypedAt;
  }

  /** The cameras that are wanted; the others are forgotten. */
  keepOnly(cameraIds: ReadonlySet<string>): void {
    for (const id of this.#typedAt.keys()) {
      if (cameraIds.has(id)) continue;
      this.#typedAt.delete(id);
      this.#file.changed();
    }
  }

  /** Writes what is not written yet. */
  stop(): Promise<void> {
    return this.#file.stop();
  }
}
