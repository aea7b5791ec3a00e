import { markedRange, type Marks } from './marks.js';
import type { OpeningWindow } from './opening-window.js';

export const reviewRates = [0.5, 1, 2, 4, 8] as const;
export const mostCameras = 4;

/** Keys of the address that are the review's; others (the area) are left alone. */
export const reviewAddressKeys = ['incident', 'cams', 'at', 'from', 'to', 'in', 'out', 'rate', 'focus'] as const;

/** The whole view, as the address carries it: a link opens the same. */
export interface ReviewAddress {
  cameraIds: string[];
  atMs?: number | undefined;
  window?: OpeningWindow | undefined;
  incidentId?: string | undefined;
  marks: Marks;
  rate: number;
  /** Enlarged camera. */
  focus?: string | undefined;
}

function instantMs(text: string | null): number | undefined {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Reads what is there and well-formed; the rest is as if it were absent. */
export function readReviewAddress(params: URLSearchParams): ReviewAddress {
  const cameraIds = [...new Set((params.get('cams') ?? '').split(',').filter((id) => /^[0-9a-f-]{36}$/i.test(id)))];
  const fromMs = instantMs(params.get('from'));
  const toMs = instantMs(params.get('to'));
  const rate = Number(params.get('rate') ?? '1');
  const focus = params.get('focus') ?? undefined;
  const marks: Marks = { inMs: instantMs(params.get('in')), outMs: instantMs(params.get('out')) };
  const halfMarked = marks.inMs === undefined || marks.outMs === undefined;
  return {
    cameraIds: cameraIds.slice(0, mostCameras),
    atMs: instantMs(params.get('at')),
    window: fromMs !== undefined && toMs !== undefined && fromMs < toMs ? { fromMs, toMs } : undefined,
    incidentId: params.get('incident') ?? undefined,
    marks: halfMarked || markedRange(marks) ? marks : {},
    rate: (reviewRates as readonly number[]).includes(rate) ? rate : 1,
    focus: focus !== undefined && cameraIds.includes(focus) ? focus : undefined,
  };
}

export function writeReviewAddress(address: ReviewAddress): URLSearchParams {
  const params = new URLSearchParams();
  const setInstant = (name: string, ms: number | undefined) => {
    if (ms !== undefined) params.set(name, new Date(Math.round(ms)).toISOString());
  };
  if (address.incidentId) params.set('incident', address.incidentId);
  if (address.cameraIds.length > 0) params.set('cams', address.cameraIds.join(','));
  setInstant('at', address.atMs);
  setInstant('from', address.window?.fromMs);
  setInstant('to', address.window?.toMs);
  setInstant('in', address.marks.inMs);
  setInstant('out', address.marks.outMs);
  if (address.rate !== 1) params.set('rate', String(address.rate));
  if (address.focus) params.set('focus', address.focus);
  return params;
}
