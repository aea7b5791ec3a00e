// Whether the footage folder is the one that this recorder has recorded to. A volume that is not mounted leaves an empty
// folder on the system disk; a marker with an id on the volume, which the data folder remembers, tells them apart.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../lib/durable-file.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';

/** `missing`: no marker where one was; `foreign`: a marker with another id, so another volume. */
export type FootageVolumeState = 'mounted' | 'missing' | 'foreign';

const markerSchema = z.object({ version: z.literal(1), id: z.uuid() });
const rememberedSchema = markerSchema.extend({ directory: z.string() });
const fileName = 'footage-volume.json';

/** Undefined where there is none. @throws what the disk throws, also for one that cannot be read */
async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export class FootageVolume {
  /** The footage folder, absolute. */
  readonly directory: string;
  readonly #markerPath: string;
  readonly #rememberedPath: string;
  readonly #logger: Logger;
  #id: string | undefined;

  /** `folder` is the recorder's folder in the data folder. */
  constructor(options: { directory: string; folder: string; logger: Logger }) {
    this.directory = options.directory;
    this.#markerPath = join(options.directory, fileName);
    this.#rememberedPath = join(options.folder, fileName);
    this.#logger = options.logger;
  }

  /**
   * Compares the volume with what the data folder remembers, and writes nothing; call before anything is written to the
   * footage folder. A recorder that remembers no volume, or one of another footage folder (somebody configured a new one),
   * may take what is there: `mounted`, and `mark` makes it so. @throws what the disk throws
   */
  async open(): Promise<FootageVolumeState> {
    const remembered = await this.#remembered();
    if (remembered?.directory !== this.directory) return 'mounted';
    this.#id = remembered.id;
    return this.state();
  }

  /** Marks a volume that `open` found free to take, and remembers it. @throws what the disk throws */
  async mark(): Promise<void> {
    if (this.#id === undefined) await this.accept();
  }

  /** The volume as it is now. What the disk refuses to read for another reason is a fault of the disk: `mounted`. */
  async state(): Promise<FootageVolumeState> {
    try {
      const marker = await readJson(this.#markerPath, markerSchema);
      if (marker === undefined) return 'missing';
      return marker.id === this.#id ? 'mounted' : 'foreign';
    } catch (error) {
      this.#logger.warn({ reason: errorMessage(error) }, 'the marker of the footage volume cannot be read');
      return 'mounted';
    }
  }

  /** A person says that footage belongs here from now on. Durable when it resolves. @throws what the disk throws */
  async accept(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const marker = await readJson(this.#markerPath, markerSchema);
    const id = marker?.id ?? randomUUID();
    if (marker === undefined) await writeDurably(this.#markerPath, JSON.stringify({ version: 1, id }));
    await writeDurably(this.#rememberedPath, JSON.stringify({ version: 1, id, directory: this.directory }));
    this.#id = id;
  }

  /** @throws AppError unavailable `storage_missing` */
  async requireMounted(): Promise<void> {
    if ((await this.state()) !== 'mounted') throw volumeMissing(this.directory);
  }

  /** A damaged note counts as none: the marker on the volume is taken. */
  async #remembered(): Promise<z.infer<typeof rememberedSchema> | undefined> {
    return readJson(this.#rememberedPath, rememberedSchema).catch((error: unknown) => {
      this.#logger.error({ reason: errorMessage(error) }, 'the note of the footage volume is damaged');
      return undefined;
    });
  }
}

export function volumeMissing(directory: string): AppError {
  return new AppError('unavailable', 'storage_missing', `the footage volume is not mounted at ${directory}`);
}
