import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import type { Clock } from '../lib/clock.js';
import { writeDurably } from '../lib/durable-file.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

/** Camera's clock minus ours, and when (UTC by our clock) that was measured. */
const clockOffset = z.object({ offsetMs: z.number(), atMs: z.number().min(0) });
export type ClockOffset = Readonly<z.infer<typeof clockOffset>>;
export type ClockOffsetSource = 'onvif' | 'rtcp';

const stored = z.object({
  version: z.literal(1),
  cameras: z.record(idSchema, z.object({ onvif: clockOffset.optional(), rtcp: clockOffset.optional() })),
});

/** One measured offset: the newest, and what of it is on the disk. */
interface Slot {
  now: ClockOffset;
  written: ClockOffset | undefined;
}

const checkMs = 5000;
/** Between two writes. */
const writeEveryMs = 60_000;
/** What is on the disk may differ by so much; ONVIF tells whole seconds only. */
const noticeable = { offsetMs: 1000, ageMs: 10 * 60_000 };
/** Four times what 2000 cameras need; a larger file is not ours. */
const maxBytes = 1024 * 1024;
/** A measurement that lies further ahead was made before the host's clock was set back, and says nothing now. */
const aheadMs = 5000;

/** The camera's clock was right when it was asked, within these minutes, and the reports of its stream say otherwise. */
const contradictionMs = 3 * 60_000;
const rightMs = 4000;
const isFalse = (rtcp: ClockOffset, onvif: ClockOffset): boolean =>
  Math.abs(onvif.offsetMs) <= rightMs &&
  Math.abs(rtcp.offsetMs) > rightMs &&
  Math.abs(rtcp.atMs - onvif.atMs) <= contradictionMs;

/**
 * The last clock offsets of every wanted camera, from ONVIF and from RTCP apart, kept in a small file so that they are
 * known after a restart and while a camera is away. Owns the file; leaves measuring and judging to probing.
 */
export class ClockOffsetsStore {
  readonly path: string;
  private readonly cameras = new Map<string, Partial<Record<ClockOffsetSource, Slot>>>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  /** Something differs from the file: at all, and so that it should be written soon. */
  private changed = false;
  private due = false;

  constructor(private readonly options: { folder: string; clock: Clock; logger: Logger }) {
    this.path = join(options.folder, 'clock-offsets.json');
  }

  /** Reads the file, then writes it as needed, at most once a minute. A file that cannot be read is logged and replaced. */
  async start(): Promise<void> {
    await this.read();
    this.running ??= this.loop();
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the recorder stops'));
    await this.running;
    if (this.changed) await this.write();
  }

  /** The camera's clock was `offsetMs` ahead of ours at `atMs`; a measurement that was told before costs nothing. */
  note(cameraId: string, source: ClockOffsetSource, offsetMs: number, atMs: number): void {
    let slots = this.cameras.get(cameraId);
    if (slots === undefined) this.cameras.set(cameraId, (slots = {}));
    const slot = slots[source];
    if (slot?.now.atMs === atMs) return;
    const now = { offsetMs: Math.round(offsetMs), atMs };
    const written = slot?.written;
    if (slot === undefined) slots[source] = { now, written: undefined };
    else slot.now = now;
    this.changed = true;
    this.due ||=
      written === undefined ||
      Math.abs(now.offsetMs - written.offsetMs) >= noticeable.offsetMs ||
      Math.abs(now.atMs - written.atMs) >= noticeable.ageMs;
  }

  /** The cameras that are wanted; the others are forgotten. */
  keepOnly(cameraIds: ReadonlySet<string>): void {
    for (const id of this.cameras.keys()) {
      if (cameraIds.has(id)) continue;
      this.cameras.delete(id);
      this.changed = this.due = true;
    }
  }

  /** The newest measurement of a camera, from whichever source; false reports of a stream do not count. */
  newest(cameraId: string): ClockOffset | undefined {
    const { onvif, rtcp } = this.cameras.get(cameraId) ?? {};
    const latestMs = this.options.clock.nowMs() + aheadMs;
    if (onvif !== undefined && rtcp !== undefined && isFalse(rtcp.now, onvif.now)) return onvif.now;
    let newest: ClockOffset | undefined;
    for (const one of [onvif?.now, rtcp?.now]) {
      if (one !== undefined && one.atMs <= latestMs && one.atMs >= (newest?.atMs ?? -Infinity)) newest = one;
    }
    return newest;
  }

  private async read(): Promise<void> {
    try {
      if ((await stat(this.path)).size > maxBytes) throw new Error('the file is too large');
      const { cameras } = stored.parse(JSON.parse(await readFile(this.path, 'utf8')));
      for (const [id, { onvif, rtcp }] of Object.entries(cameras)) {
        this.cameras.set(id, {
          ...(onvif === undefined ? {} : { onvif: { now: onvif, written: onvif } }),
          ...(rtcp === undefined ? {} : { rtcp: { now: rtcp, written: rtcp } }),
        });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      const text = errorMessage(error).slice(0, 200);
      this.options.logger.warn({ path: this.path, error: text }, 'the clock offsets cannot be read: begun anew');
    }
  }

  private async loop(): Promise<void> {
    const { clock } = this.options;
    let writtenAt = -Infinity;
    while (!this.stopping.signal.aborted) {
      await clock.sleep(checkMs, this.stopping.signal).catch(() => undefined); // ended early: told to stop
      if (!this.due || this.stopping.signal.aborted || clock.monotonicMs() - writtenAt < writeEveryMs) continue;
      writtenAt = clock.monotonicMs();
      await this.write();
    }
  }

  private async write(): Promise<void> {
    this.changed = this.due = false;
    const cameras: z.infer<typeof stored>['cameras'] = {};
    for (const [id, { onvif, rtcp }] of this.cameras) {
      cameras[id] = { onvif: onvif?.now, rtcp: rtcp?.now };
      for (const slot of [onvif, rtcp]) if (slot !== undefined) slot.written = slot.now;
    }
    try {
      await writeDurably(this.path, JSON.stringify({ version: 1, cameras } satisfies z.infer<typeof stored>));
    } catch (error) {
      this.changed = this.due = true; // once more in a minute
      this.options.logger.warn({ error: errorMessage(error) }, 'the clock offsets could not be written');
    }
  }
}
