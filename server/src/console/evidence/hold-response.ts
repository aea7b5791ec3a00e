import { instantFromMs } from '@choi-canh/shared/common';
import type { HoldResponse, UnknownHold } from '@choi-canh/shared/evidence';
import type { HoldCauseRow, HoldRangeRow, HoldState } from './hold.entity.js';
import type { CaseHoldView, HoldView } from './holds.repository.js';

/** A hold with what is known of its camera, also where that is only its id. */
export function holdOnWire(view: CaseHoldView): HoldResponse {
  return {
    ...common(view),
    incidentId: view.row.incidentId,
    cameraName: view.cameraName ?? view.row.cameraId.slice(0, 8),
    causes: view.causes.map(causeOnWire),
  };
}

export function unknownHoldOnWire(view: HoldView): UnknownHold {
  return { ...common(view), cameraName: view.cameraName, incidentNumber: view.row.foreignIncidentNumber };
}

function common({ row, ranges }: HoldView) {
  return {
    id: row.id,
    cameraId: row.cameraId,
    state: row.state,
    ranges: mergedRanges(ranges),
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
  };
}

const order: readonly HoldState[] = ['released', 'releasing', 'pending', 'held'];

/** What people see of ranges: one where they touch. Of a hold that goes on, only what is held or shall be. */
function mergedRanges(rows: readonly HoldRangeRow[]): HoldResponse['ranges'] {
  const live = rows.filter(({ state }) => state === 'pending' || state === 'held');
  const merged: { fromMs: number; toMs: number; state: HoldState; gone: boolean }[] = [];
  const shown = live.length > 0 ? live : rows;
  for (const { fromAt, toAt, state, gone } of [...shown].sort((one, other) => one.fromAt - other.fromAt)) {
    const last = merged.at(-1);
    if (last === undefined || fromAt > last.toMs) {
      merged.push({ fromMs: fromAt, toMs: toAt, state, gone });
      continue;
    }
    last.toMs = Math.max(last.toMs, toAt);
    last.gone ||= gone;
    // As much as can be said of all of it.
    if (order.indexOf(state) < order.indexOf(last.state)) last.state = state;
  }
  return merged.map(({ fromMs, toMs, state, gone }) => ({
    ...{ from: instantFromMs(fromMs), to: instantFromMs(toMs), state, gone },
  }));
}

const causeOnWire = (cause: HoldCauseRow): HoldResponse['causes'][number] => ({
  id: cause.id,
  kind: cause.kind,
  subjectId: cause.subjectId,
  from: instantFromMs(cause.fromAt),
  to: instantFromMs(cause.toAt),
  createdAt: instantFromMs(cause.createdAt),
  createdByName: cause.createdByName,
  released: cause.releasedAt !== null,
  releaseReason: cause.releaseReason,
});
