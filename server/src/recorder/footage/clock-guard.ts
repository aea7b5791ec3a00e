// Watches the host's clock, which nobody can trust: a mini-PC boots in 2036, or in 1970. A step opens a new epoch of
// files and suspends deletion by age until somebody confirms that the clock is right now; both outlive a restart. What
// a confirmed step says about the times of earlier epochs is kept, so that their age is counted right.
import { readFile, stat, utimes } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { writeDurably } from '../../lib/durable-file.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';

/** A difference between wall and monotonic clock beyond this is a step, not drift. */
const stepMs = 5000;
/** The recorder was off for longer than this, or the clock is wrong: only a person can tell. */
export const longestOutageMs = 3 * 86_400_000;
/** How often the time is noted durably; in between the file's own time says it, which needs no flush and no room. */
const beatMs = 60_000;
/** Times of an epoch that are off by less are taken as they are. */
const toleratedShiftMs = 86_400_000;
const maxSteps = 1000;

const stepSchema = z.object({
  endedEpoch: z.number().int(),
  stepMs: z.number(),
  atStart: z.boolean(),
  /** At a start: when the recorder ran last, where that was noted. */
  ranUntilMs: z.number().optional(),
});
type Step = z.infer<typeof stepSchema>;
const fileSchema = z.object({
  version: z.literal(1),
  epoch: z.number().int().min(0),
  /** When the recorder ran last, by the clock of then. */
  lastSeenAtMs: z.number(),
  suspended: z.boolean(),
  lastStep: z.object({ stepMs: z.number(), steppedAtMs: z.number() }).nullable(),
  /** Not confirmed yet. */
  pending: z.array(stepSchema),
  confirmed: z.array(stepSchema),
});
type ClockFile = z.infer<typeof fileSchema>;

export interface ClockCondition {
  readonly epoch: number;
  readonly ageDeletionSuspended: boolean;
  /** Of the newest step; by the clock after it. */
  readonly stepMs: number | null;
  readonly steppedAtMs: number | null;
}

/** The recorder did not run in [fromMs, toMs), by the clock that its footage has on both sides. */
export interface Absence {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ClockGuard {
  /** Compares the clock with what the disk knows. Call before anything is recorded. */
  start(): Promise<void>;
  /** Looks at the clock and answers the epoch of now. */
  epoch(): number;
  /** The epoch in which the recorder ran before it was started. */
  epochBefore(): number;
  /** Files of this epoch exist: ours cannot be older. */
  atLeast(epoch: number): void;
  /**
   * From when it ran last until now; ask when recording begins. Undefined where the clock stepped, or jumped so far that
   * only a person can tell (see `confirm`), or where nothing is known.
   */
  absence(): Absence | undefined;
  /** Notes the time. Call about once a second. */
  beat(): Promise<void>;
  /** The clock is right. Durable when it resolves. @returns the absence that the jump at the last start was, if it was one. */
  confirm(): Promise<Absence | undefined>;
  /** What must be added to the times of an epoch; 0 where they are right, or nobody has said otherwise. */
  shiftMs(epoch: number): number;
  /** Epochs whose shift is not 0, ascending. */
  shiftedEpochs(): number[];
  condition(): ClockCondition;
}

export function createClockGuard(options: {
  path: string;
  clock: Clock;
  logger: Logger;
  /** Beginning and end of the newest day with footage; asked when the disk does not know when the recorder ran last. */
  newestDay: () => Promise<{ fromMs: number; toMs: number } | undefined>;
}): ClockGuard {
  const { clock, logger } = options;
  let state: ClockFile = {
    version: 1,
    epoch: 0,
    lastSeenAtMs: clock.nowMs(),
    suspended: false,
    lastStep: null,
    pending: [],
    confirmed: [],
  };
  let before = 0;
  let started: { epoch: number; atMs: number; monotonicMs: number; ranUntilMs: number } | undefined;
  let differenceMs = clock.nowMs() - clock.monotonicMs();
  let lastBeatAt = -Infinity;
  let isSaved = false;
  let saving: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    isSaved = false;
    const work = async () => {
      const saved = state;
      await writeDurably(options.path, JSON.stringify(saved));
      if (saved === state) isSaved = true;
    };
    const result = saving.then(work, work);
    saving = result.catch(() => undefined); // told through `result`, and written again with the next beat
    return result;
  }

  const tellUnsaved = (error: unknown): void =>
    logger.warn({ reason: errorMessage(error) }, 'the state of the clock could not be written');

  function saveSoon(): void {
    save().catch(tellUnsaved);
  }

  function step(byMs: number, atStart: boolean, ranUntilMs?: number): void {
    const pending: Step = {
      endedEpoch: state.epoch,
      stepMs: byMs,
      atStart,
      ...(ranUntilMs === undefined ? {} : { ranUntilMs }),
    };
    state = {
      ...state,
      epoch: state.epoch + 1,
      lastSeenAtMs: clock.nowMs(),
      suspended: true,
      lastStep: { stepMs: byMs, steppedAtMs: clock.nowMs() },
      pending: [...state.pending, pending].slice(-maxSteps),
    };
    logger.error(
      { stepMs: Math.round(byMs), epoch: state.epoch },
      'the clock of this machine stepped: age deletes no footage until the clock is confirmed',
    );
    saveSoon();
  }

  /** A file that is missing is no trouble when there is no footage either. */
  async function load(): Promise<ClockFile | undefined> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(options.path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        logger.error({ reason: errorMessage(error) }, 'the note of the clock is damaged');
      return undefined;
    }
  }

  /** The later of both notes; a file's time that cannot be (a copy, another hand) does not count. */
  async function ranUntil(lastSeenAtMs: number, nowMs: number): Promise<number> {
    const { mtimeMs } = await stat(options.path);
    return mtimeMs > lastSeenAtMs && mtimeMs <= nowMs ? Math.floor(mtimeMs) : lastSeenAtMs;
  }

  function look(): void {
    const difference = clock.nowMs() - clock.monotonicMs();
    const byMs = difference - differenceMs;
    differenceMs = difference;
    if (Math.abs(byMs) > stepMs) step(byMs, false);
  }

  async function noteInFileTime(): Promise<void> {
    const seconds = clock.nowMs() / 1000;
    await utimes(options.path, seconds, seconds);
  }

  const sum = (epoch: number): number =>
    state.confirmed.reduce((total, one) => total + (one.endedEpoch >= epoch ? one.stepMs : 0), 0);
  const shiftMs = (epoch: number): number => (Math.abs(sum(epoch)) < toleratedShiftMs ? 0 : sum(epoch));

  return {
    async start() {
      differenceMs = clock.nowMs() - clock.monotonicMs();
      const known = await load();
      const now = clock.nowMs();
      if (known !== undefined) {
        state = known;
        before = known.epoch;
        const ranUntilMs = await ranUntil(known.lastSeenAtMs, now);
        const sinceMs = now - known.lastSeenAtMs;
        if (sinceMs < -stepMs || sinceMs > longestOutageMs) step(sinceMs, true, ranUntilMs);
        else started = { epoch: state.epoch, atMs: now, monotonicMs: clock.monotonicMs(), ranUntilMs };
      } else {
        const day = await options.newestDay();
        if (day !== undefined && now < day.fromMs - stepMs) step(now - day.fromMs, true);
        else if (day !== undefined && now > day.toMs + longestOutageMs) step(now - day.toMs, true);
      }
      // Not written again where nothing is new: the file's time says until when the recorder ran, until that was told.
      if (state === known) isSaved = true;
      else await save().catch(tellUnsaved);
      lastBeatAt = clock.monotonicMs();
    },
    epoch() {
      look();
      return state.epoch;
    },
    epochBefore: () => before,
    atLeast(epoch) {
      if (epoch <= state.epoch) return;
      state = { ...state, epoch };
      saveSoon();
    },
    absence() {
      look();
      if (started === undefined || started.epoch !== state.epoch) return undefined;
      const toMs = started.atMs + clock.monotonicMs() - started.monotonicMs;
      return toMs > started.ranUntilMs ? { fromMs: started.ranUntilMs, toMs } : undefined;
    },
    async beat() {
      look();
      if (!isSaved || clock.monotonicMs() - lastBeatAt >= beatMs) {
        lastBeatAt = clock.monotonicMs();
        state = { ...state, lastSeenAtMs: clock.nowMs() };
        // Also where the disk is full: it must not look as if nobody had been there.
        await save().finally(noteInFileTime);
      } else await noteInFileTime();
    },
    async confirm() {
      look();
      // A single jump forward at a start, confirmed as it is, was a long time without power: no time was wrong.
      const [jump, ...others] = state.pending;
      const outage = jump !== undefined && others.length === 0 && jump.atStart && jump.stepMs > 0;
      state = {
        ...state,
        lastSeenAtMs: clock.nowMs(),
        suspended: false,
        pending: [],
        confirmed: outage ? state.confirmed : [...state.confirmed, ...state.pending].slice(-maxSteps),
      };
      await save();
      logger.info({ epoch: state.epoch }, 'the clock was confirmed: age deletes footage again');
      if (!outage || jump.ranUntilMs === undefined || state.lastStep === null) return undefined;
      return { fromMs: jump.ranUntilMs, toMs: state.lastStep.steppedAtMs };
    },
    shiftMs,
    shiftedEpochs() {
      const ended = new Set(state.confirmed.map((one) => one.endedEpoch));
      const last = Math.max(-1, ...ended);
      return Array.from({ length: last + 1 }, (_, epoch) => epoch).filter((epoch) => shiftMs(epoch) !== 0);
    },
    condition: () => ({
      epoch: state.epoch,
      ageDeletionSuspended: state.suspended,
      stepMs: state.lastStep?.stepMs ?? null,
      steppedAtMs: state.lastStep?.steppedAtMs ?? null,
    }),
  };
}
