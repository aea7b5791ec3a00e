import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { idSchema } from '@choi-canh/shared/common';
import { engineReasons, streamQuirks } from '@choi-canh/shared/recorder-facts';
import { z } from 'zod';
import { DelayedFile } from '../lib/delayed-file.js';
import { errorMessage } from '../lib/errors.js';
import type { StreamName } from '../lib/fragment.js';
import type { Logger } from '../lib/logger.js';

const learntStream = z.object({
  /** Of address and credentials: what was learnt holds for these. */
  access: z.string().max(64),
  engine: z
    .object({
      engine: z.enum(['native', 'ffmpeg']),
      reason: z.enum(engineReasons),
      decidedAtMs: z.int(),
      hasProved: z.boolean(),
    })
    .optional(),
  quirks: z.array(z.enum(streamQuirks)).max(streamQuirks.length),
  lostKeepAlives: z.array(z.string().max(20)).max(20),
  tlsKey: z.string().max(64).optional(),
  habits: z.object({ setsPlace: z.enum(['entry', 'samples', 'untouched']), recoveryPoints: z.boolean() }).optional(),
});
type Learnt = z.infer<typeof learntStream>;
/** What another version wrote and this one does not know is learnt again. */
const stored = z.object({ version: z.literal(1), streams: z.record(z.string(), z.unknown()) });
/** More than 5,000 cameras need. */
const maxBytes = 8 * 1024 * 1024;
/** Hundreds of cameras answer together after a start. */
const writeAfterMs = 1000;

/** What ingest learnt about each stream, over restarts. Streams of which nothing is out of the ordinary are not kept. */
export class StreamsStore {
  readonly path: string;
  readonly #logger: Logger;
  readonly #streams = new Map<string, Learnt>();
  readonly #file: DelayedFile;

  constructor({ folder, logger }: { folder: string; logger: Logger }) {
    this.path = join(folder, 'streams.json');
    this.#logger = logger;
    this.#file = new DelayedFile({
      path: this.path,
      afterMs: writeAfterMs,
      content: () =>
        JSON.stringify({ version: 1, streams: Object.fromEntries(this.#streams) } satisfies z.infer<typeof stored>),
      onFailure: (error) => logger.warn({ error }, 'what was learnt about streams could not be written'),
    });
  }

  /** A file that cannot be read is logged, and written again as streams are learnt about. */
  async start(): Promise<void> {
    try {
      if ((await stat(this.path)).size > maxBytes) throw new Error('the file is too large');
      const { streams } = stored.parse(JSON.parse(await readFile(this.path, 'utf8')));
      for (const [key, value] of Object.entries(streams)) {
        const read = learntStream.safeParse(value);
        const [name, id] = key.split(':');
        if (read.success && (name === 'main' || name === 'sub') && idSchema.safeParse(id).success)
          this.#streams.set(key, read.data);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      const reason = errorMessage(error).slice(0, 200);
      this.#logger.warn({ path: this.path, error: reason }, 'what was learnt about streams cannot be read');
    }
  }

  recall(cameraId: string, stream: StreamName, access: string): Omit<Learnt, 'access'> | undefined {
    const learnt = this.#streams.get(`${stream}:${cameraId}`);
    return learnt?.access === access ? learnt : undefined;
  }

  learn(
    cameraId: string,
    stream: StreamName,
    access: string,
    {
      engine,
      quirks,
      lostKeepAlives,
      tlsKey,
      habits,
    }: {
      readonly engine?: Learnt['engine'] | undefined;
      readonly quirks: readonly Learnt['quirks'][number][];
      readonly lostKeepAlives: readonly string[];
      readonly tlsKey?: string | undefined;
      readonly habits?: Learnt['habits'] | undefined;
    },
  ): void {
    const key = `${stream}:${cameraId}`;
    const isUsual =
      engine === undefined &&
      tlsKey === undefined &&
      habits === undefined &&
      quirks.length + lostKeepAlives.length === 0;
    if (isUsual) {
      if (!this.#streams.delete(key)) return;
    } else {
      const learnt: Learnt = { access, quirks: [...quirks], lostKeepAlives: [...lostKeepAlives] };
      if (engine !== undefined) learnt.engine = engine;
      if (tlsKey !== undefined) learnt.tlsKey = tlsKey;
      if (habits !== undefined) learnt.habits = habits;
      this.#streams.set(key, learnt);
    }
    this.#file.changed();
  }

  /** The cameras that are wanted; the others are forgotten. */
  keepOnly(cameraIds: ReadonlySet<string>): void {
    for (const key of this.#streams.keys()) {
      if (cameraIds.has(key.split(':')[1]!)) continue;
      this.#streams.delete(key);
      this.#file.changed();
    }
  }

  /** Writes what is not written yet. */
  stop(): Promise<void> {
    return this.#file.stop();
  }
}
