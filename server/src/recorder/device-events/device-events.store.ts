import { createReadStream } from 'node:fs';
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deviceEventKinds, maxDeviceEvents, type DeviceEvent } from '@choi-canh/shared/device-events';
import { instantFromMs } from '@choi-canh/shared/common';
import { z } from 'zod';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';

/** An event of a camera by our clock, ms UTC. */
export interface StoredEvent {
  kind: DeviceEvent['kind'];
  active: boolean | null;
  atMs: number;
  deviceAtMs: number | null;
  clockOffsetMs: number | null;
}

const line = z.tuple([
  z.number(),
  z.enum(deviceEventKinds),
  z.boolean().nullable(),
  z.number().nullable(),
  z.number().nullable(),
]);
/** About 1,000 events; the file before it is kept beside, so that 1,000 to 2,000 are there. */
const maxFileBytes = 64 * 1024;
const writeAfterMs = 2000;
/** More of one camera that wait to be written are dropped. */
const maxWaiting = 500;

/**
 * Events that devices reported, by camera, the newest one or two thousand of each, in files of a line an event. Written two
 * seconds later; a crash loses those.
 */
export class DeviceEventsStore {
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, StoredEvent[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;

  constructor({ folder, logger }: { folder: string; logger: Logger }) {
    this.#folder = join(folder, 'device-events');
    this.#logger = logger;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#write();
    await this.#writing;
  }

  append(cameraId: string, event: StoredEvent): void {
    const waiting = this.#waiting.get(cameraId) ?? [];
    if (waiting.length >= maxWaiting) {
      this.#dropped += 1;
      return;
    }
    waiting.push(event);
    this.#waiting.set(cameraId, waiting);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, writeAfterMs);
  }

  /** The newest 500 in [from, to), newest first, and whether there are more. */
  async page(cameraId: string, fromMs: number, toMs: number): Promise<{ items: DeviceEvent[]; more: boolean }> {
    const found: StoredEvent[] = [];
    for (const path of [this.#path(cameraId, '.old'), this.#path(cameraId)]) found.push(...(await read(path)));
    found.push(...(this.#waiting.get(cameraId) ?? []));
    const within = found.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).sort((a, b) => b.atMs - a.atMs);
    return { items: within.slice(0, maxDeviceEvents).map(onWire), more: within.length > maxDeviceEvents };
  }

  #write(): void {
    const batches = [...this.#waiting];
    this.#waiting.clear();
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#logger.warn({ dropped }, 'devices reported more events than are kept');
    this.#writing = this.#writing.then(async () => {
      for (const [cameraId, events] of batches) await this.#writeOne(cameraId, events);
    });
  }

  async #writeOne(cameraId: string, events: readonly StoredEvent[]): Promise<void> {
    const path = this.#path(cameraId);
    const text = events
      .map(
        ({ atMs, kind, active, deviceAtMs, clockOffsetMs }) =>
          `${JSON.stringify([atMs, kind, active, deviceAtMs, clockOffsetMs])}\n`,
      )
      .join('');
    try {
      const size = await stat(path).then(
        ({ size: bytes }) => bytes,
        () => 0,
      );
      if (size > maxFileBytes) await rename(path, this.#path(cameraId, '.old'));
      await appendFile(path, text);
    } catch (error) {
      this.#logger.warn({ cameraId, error: errorMessage(error) }, 'events of a camera could not be written');
    }
  }

  #path(cameraId: string, more = ''): string {
    return join(this.#folder, `${cameraId}${more}.jsonl`);
  }
}

/** Lines that are none are passed over: a crash tears the last one. */
async function read(path: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  try {
    for await (const text of createInterface({
      input: createReadStream(path, { end: 4 * maxFileBytes }),
      crlfDelay: Infinity,
    })) {
      const parsed = line.safeParse(parseJson(text));
      if (!parsed.success) continue;
      const [atMs, kind, active, deviceAtMs, clockOffsetMs] = parsed.data;
      events.push({ atMs, kind, active, deviceAtMs, clockOffsetMs });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return events;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const onWire = ({ kind, active, atMs, deviceAtMs, clockOffsetMs }: StoredEvent): DeviceEvent => ({
  ...{ kind, active, clockOffsetMs, at: instantFromMs(atMs) },
  deviceAt: deviceAtMs === null ? null : instantFromMs(deviceAtMs),
});
