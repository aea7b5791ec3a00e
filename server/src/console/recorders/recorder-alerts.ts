import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Misfit } from '@choi-canh/shared/lenient';
import type { RecorderAlert, RecorderAlertCode } from '@choi-canh/shared/recorders';
import { instantFromMs } from '@choi-canh/shared/common';
import type { IncompatibleRecorder } from './recorder-client.js';
import type { LinkTrouble } from './link-trouble.js';
import type { RecorderRow } from './recorder.entity.js';
import type { SetAsideCounts } from './set-aside-events.js';

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
  row: Pick<RecorderRow, 'embedded' | 'keyPin'>;
  /** Why the newest question was not answered, where a person must do something. */
  trouble: LinkTrouble | undefined;
  /** It speaks another major version of the protocol. */
  incompatible: IncompatibleRecorder | undefined;
  /** What this version does not know in its status. */
  misfits: readonly Misfit[];
  setAside: SetAsideCounts;
  /** Since when its events cannot be taken although it answers. */
  eventsFailedSinceMs: number | undefined;
}

type Finding = Pick<RecorderAlert, 'code' | 'facts'> & { sinceAt?: string };

const severityOf: Record<RecorderAlertCode, RecorderAlert['severity']> = {
  recorder_lost: 'critical',
  device_key_changed: 'critical',
  storage_full: 'critical',
  storage_missing: 'critical',
  chain_trouble: 'critical',
  console_unknown: 'critical',
  desired_refused: 'critical',
  cameras_dropped: 'warning',
  holds_unknown: 'warning',
  recorder_incompatible: 'critical',
  events_failed: 'critical',
  recorder_key_changed: 'critical',
  recorder_unpaired: 'critical',
  clock_stepped: 'warning',
  storage_slow: 'warning',
  holds_missing: 'warning',
  catalogue_rebuilding: 'warning',
  ffmpeg_missing: 'warning',
  recorder_newer: 'warning',
  events_stuck: 'warning',
};
/** A lost list of holds is confirmed within seconds after a start; before that its absence is nobody's business. */
const holdsAwaitedMs = 60_000;
const namedCameras = 10;
/** A page that fails now and then is tried again: a person need not know. */
const stuckAfterMs = 60_000;

/** What people should know of a recorder, gravest first. An alert keeps the instant since when it was known (`before`). */
export function alertsOf(sight: RecorderSight, before: readonly RecorderAlert[], nowMs: number): RecorderAlert[] {
  const known = new Map(before.map((alert) => [alert.code, alert.sinceAt]));
  return [...findings(sight), ...exchangeFindings(sight, nowMs)]
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

  // Over when the old key is back, or the new one confirmed: then no camera of the device says so any more.
  const otherKey = status.cameras.filter(({ reason }) => reason === 'tls_key_changed');
  if (otherKey.length > 0) {
    const sinceAt = otherKey.map((camera) => camera.sinceAt).sort()[0];
    const facts = { cameras: otherKey.length };
    found.push({ code: 'device_key_changed', facts, ...(sinceAt === undefined ? {} : { sinceAt }) });
  }

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

/** How well console and recorder understand each other. */
function exchangeFindings(sight: RecorderSight, nowMs: number): Finding[] {
  const { incompatible, misfits, setAside, eventsFailedSinceMs } = sight;
  const found: Finding[] = [];
  if (sight.trouble?.code === 'recorder_key_changed') {
    found.push({ code: 'recorder_key_changed', facts: { key: sight.trouble.key } });
  }
  const wasPaired = sight.row.embedded || sight.row.keyPin !== null;
  if (!wasPaired || sight.trouble?.code === 'recorder_unpaired') {
    found.push({ code: 'recorder_unpaired', facts: { refused: Number(wasPaired) } });
  }
  if (incompatible !== undefined) {
    const { version, protocol, isNewer } = incompatible;
    found.push({ code: 'recorder_incompatible', facts: { version, protocol, newer: Number(isNewer) } });
  }
  if (setAside.failed > 0) {
    found.push({
      code: 'events_failed',
      facts: { events: setAside.failed },
      ...(setAside.failedSince === null ? {} : { sinceAt: instantFromMs(setAside.failedSince) }),
    });
  }
  if (setAside.unknown > 0 || misfits.length > 0) {
    const [example] = misfits;
    found.push({
      code: 'recorder_newer',
      facts: {
        ...{ events: setAside.unknown, values: misfits.length, version: sight.status?.version ?? '' },
        example: example === undefined ? '' : `${example.path} ${example.value}`.trim(),
      },
      ...(setAside.unknownSince === null ? {} : { sinceAt: instantFromMs(setAside.unknownSince) }),
    });
  }
  if (eventsFailedSinceMs !== undefined && nowMs - eventsFailedSinceMs >= stuckAfterMs) {
    found.push({ code: 'events_stuck', facts: {}, sinceAt: instantFromMs(eventsFailedSinceMs) });
  }
  return found;
}
