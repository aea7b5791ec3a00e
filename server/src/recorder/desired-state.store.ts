import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { idSchema } from '@choi-canh/shared/common';
import { desiredCamera, desiredState } from '@choi-canh/shared/recorder-api';
import { z } from 'zod';
import { writeDurably } from '../lib/durable-file.js';
import { AppError, errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { createSecretBox, type SecretBox } from '../lib/secret-box.js';

/** Where a camera's streams were when it last told; without credentials. */
const cachedAddresses = z.object({
  /** What the addresses were asked with: device address and profile tokens. */
  key: z.string(),
  mainUrl: z.string(),
  subUrl: z.string().nullable(),
});
export type CachedAddresses = z.infer<typeof cachedAddresses>;

const keptCamera = desiredCamera.extend({ password: z.string() });
export type KeptCamera = z.infer<typeof keptCamera>;
const keptState = desiredState.pick({ revision: true, minFreeBytes: true, keptCameras: true }).extend({
  /** A state of earlier versions knows of no console. */
  consoleId: idSchema.nullable().default(null),
  cameras: z.array(keptCamera),
});
export type KeptState = z.infer<typeof keptState>;

const stored = z.object({ state: keptState, addresses: z.record(z.string(), cachedAddresses) });
export type StoredState = z.infer<typeof stored>;

const context = 'recorder desired state';

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * What the console last wanted, sealed on the recorder's own disk, so that it boots and records without a console. Owns the
 * file; leaves applying the state to the recording director.
 */
export class DesiredStateStore {
  readonly path: string;
  private readonly box: SecretBox;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: { folder: string; key: Buffer; logger: Logger }) {
    this.path = join(options.folder, 'desired-state.sealed');
    this.box = createSecretBox(options.key);
  }

  /** Undefined on the first start. A file that cannot be read is kept beside, as `.unreadable`, and logged as an error. */
  async load(): Promise<StoredState | undefined> {
    await mkdir(this.options.folder, { recursive: true, mode: 0o700 });
    const sealed = await readIfThere(this.path);
    if (sealed === undefined) return undefined;
    try {
      return stored.parse(JSON.parse(this.box.open(sealed.toString('ascii'), context)));
    } catch (error) {
      const text = error instanceof AppError ? errorMessage(error) : 'it does not have the expected form';
      this.options.logger.error({ path: this.path, error: text }, 'the desired state cannot be read');
      await rename(this.path, `${this.path}.unreadable`);
      return undefined;
    }
  }

  /** Durable when it resolves. Saves one after the other. */
  save(state: StoredState): Promise<void> {
    const sealed = this.box.seal(JSON.stringify(state), context);
    const done = this.writing.then(() => writeDurably(this.path, sealed));
    this.writing = done.catch(() => undefined);
    return done;
  }
}
