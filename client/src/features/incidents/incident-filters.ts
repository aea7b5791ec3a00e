import { incidentStates, type IncidentState } from '@choi-canh/shared/incidents';

/** What the list shows; lives in the address, so that a number in a report can open its cases. */
export interface IncidentFilters {
  text?: string | undefined;
  state?: IncidentState | undefined;
  category?: string | undefined;
  byFootage?: boolean | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

function instantMs(text: string | null): number | undefined {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Longest search, as the server takes it. */
export const mostSearchChars = 100;
const textOf = (text: string | null) => (text !== null && text.length <= mostSearchChars && text) || undefined;

/** Reads what is well-formed; the rest is as if it were absent. */
export function readIncidentFilters(params: URLSearchParams): IncidentFilters {
  const footage = params.get('resolvedByFootage');
  return {
    text: textOf(params.get('text')),
    state: incidentStates.find((state) => state === params.get('state')),
    category: params.get('category') || undefined,
    byFootage: footage === 'true' ? true : footage === 'false' ? false : undefined,
    fromMs: instantMs(params.get('from')),
    toMs: instantMs(params.get('to')),
  };
}

/** The same as address and as query of the API: they share their names. */
export function writeIncidentFilters(filters: IncidentFilters): Record<string, string | undefined> {
  const instant = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return {
    text: filters.text?.trim() || undefined,
    state: filters.state,
    category: filters.category,
    resolvedByFootage: filters.byFootage === undefined ? undefined : String(filters.byFootage),
    from: instant(filters.fromMs),
    to: instant(filters.toMs),
  };
}

export function countFilters(filters: IncidentFilters): number {
  return Object.values(filters).filter((value) => value !== undefined).length;
}
