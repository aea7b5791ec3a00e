import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { RecorderAlert, RecorderAlertCode } from '@choi-canh/shared/recorders';
import { instantFromMs } from '@choi-canh/shared/common';

/** What the console knows of a recorder. */
export interface RecorderSight {
  /** Newest status; undefined until it answered once. */
  status: RecorderStatus | undefined;
  /** Silent for too long; its last status says nothing of now. */
  lost: boolean;
  lastSeenAtMs: number | null;
  /** Signed records of its chains that the console does not accept. */
  refusedRecords: number;
  /** It follows another console. */
  isForeign: boolean;
  /** Code of what it does not take; undefined: nothing. */
  refusal: string | undefined;
  /** Names of cameras that it recorded and that a database from before does not know. */
  dropped: readonly string[];
  /** Ranges that it holds of no incident that is known. */
  unknownRanges: number;
}

type Finding = Pick<RecorderAlert, 'code' | 'facts'> & { sinceAt?: string };

const severityOf: Record<RecorderAlertCode, RecorderAlert['severity']> = {
  recorder_lost: 'critical',
  storage_full: 'critical',
  storage_missing: 'critical',
  chain_trouble: 'critical',
  console_unknown: 'critical',
  desired_refused: 'critical',
  cameras_dropped: 'warning',
  holds_unknown: 'warning',
  clock_stepped: 'warning',
  storage_slow: 'warning',
  holds_missing: 'warning',
  catalogue_rebuilding: 'warning',
  ffmpeg_missing: 'warning',
};
/** A lost list of holds is confirmed within seconds after a start; before that its absence is nobody's business. */
const holdsAwaitedMs = 60_000;
const namedCameras = 10;

/** What people should know of a recorder, gravest first. An alert keeps the instant since when it was known (`before`). */
export function alertsOf(sight: RecorderSight, before: readonly RecorderAlert[], nowMs: number): RecorderAlert[] {
  const known = new Map(before.map((alert) => [alert.code, alert.sinceAt]));
  return findings(sight)
    .map(({ code, facts, sinceAt }) => ({
      code,
      severity: severityOf[code],
      sinceAt: sinceAt ?? known.get(code) ?? instantFromMs(nowMs),
      facts,
    }))
    .sort((one, other) => Number(other.severity === 'critical') - Number(one.severity === 'critical'));
}

function findings(sight: RecorderSight): Finding[] {
  const { status, lost, lastSeenAtMs, refusedRecords, dropped, unknownRanges, refusal } = sight;
  const found: Finding[] = [];
  if (lost) {
    found.push({
      code: 'recorder_lost',
      facts: {},
      ...(lastSeenAtMs === null ? {} : { sinceAt: instantFromMs(lastSeenAtMs) }),
    });
  }
  const troubles = (status?.chain.troubles ?? 0) + refusedRecords;
  if (troubles > 0) found.push({ code: 'chain_trouble', facts: { troubles } });
  if (dropped.length > 0) {
    const names = dropped.slice(0, namedCameras).join(', ') + (dropped.length > namedCameras ? ', …' : '');
    found.push({ code: 'cameras_dropped', facts: { cameras: dropped.length, names } });
  }
  if (unknownRanges > 0) found.push({ code: 'holds_unknown', facts: { ranges: unknownRanges } });
  if (status === undefined || lost) return found;

  if (sight.isForeign || refusal === 'console_unknown') {
    const facts = { cameras: status.cameras.length, holds: status.holds?.count ?? 0 };
    found.push({ code: 'console_unknown', facts });
  } else if (refusal !== undefined) found.push({ code: 'desired_refused', facts: { code: refusal } });

  const { storage, clock } = status;
  if (storage.state === 'full') {
    found.push({ code: 'storage_full', facts: { freeBytes: status.freeBytes, held: Number(storage.fullOfHeld) } });
  }
  if (storage.state === 'missing' || storage.state === 'foreign') {
    const foreign = Number(storage.state === 'foreign');
    found.push({ code: 'storage_missing', facts: { directory: storage.directory, foreign } });
  }
  if (clock.ageDeletionSuspended) {
    found.push({
      code: 'clock_stepped',
      facts: { stepMs: clock.stepMs ?? 0 },
      ...(clock.steppedAt === null ? {} : { sinceAt: clock.steppedAt }),
    });
  }
  if (storage.state === 'slow') {
    found.push({
      code: 'storage_slow',
      facts: { cameras: storage.slowCameras, droppedFragments: storage.droppedFragments },
    });
  }
  const upMs = Date.parse(status.now) - Date.parse(status.startedAt);
  if (storage.awaitingHolds && upMs > holdsAwaitedMs) found.push({ code: 'holds_missing', facts: {} });
  if (status.ffmpeg.problem !== null) {
    found.push({ code: 'ffmpeg_missing', facts: { old: Number(status.ffmpeg.problem === 'too_old') } });
  }
  if (storage.rebuilding) found.push({ code: 'catalogue_rebuilding', facts: {} });
  return found;
}
