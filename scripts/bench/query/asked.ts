/** Every GET that the pages use, as the pages ask it. */
import type { Permission } from '@choi-canh/shared/permissions';
import { endAtMs, idOf, incidentIsIn, provinceId, startAtMs, type DatasetSize } from './dataset.js';

export interface Asked {
  readonly name: string;
  /** Who may ask; `signed_in` for everybody. */
  readonly needs: Permission | 'signed_in';
  readonly path: string;
  /** Asked of a page that the given one leads to; undefined where there is none. */
  readonly then?: (answer: { nextCursor?: string | null }) => string | undefined;
}

const day = 86_400_000;
const instant = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const range = (fromMs: number, toMs: number) => `from=${instant(fromMs)}&to=${instant(toMs)}`;

/** For somebody whose scope holds the commune of this index, or is it. */
export function askedQueries(size: DatasetSize, commune: number, isOfCommune: boolean): Asked[] {
  const camera = idOf.camera(commune);
  const area = idOf.area(commune);
  const incident = idOf.incident(
    Array.from({ length: size.incidents }, (_, index) => index).find(
      (index) => incidentIsIn(index, size) === commune,
    ) ?? 0,
  );
  const account = idOf.account(commune);
  const incidents = (name: string, query: string): Asked => ({
    name: `incidents, ${name}`,
    needs: 'incident.view',
    path: `/api/incidents?limit=50&${query}`,
  });
  const search = (name: string, text: string, more = '') =>
    incidents(`search ${name}`, `text=${encodeURIComponent(text)}${more}`);
  const audit = (name: string, query: string): Asked => ({
    name: `audit, ${name}`,
    needs: 'audit.view',
    path: `/api/audit?limit=50&${query}`,
  });
  const report = (name: string, query: string): Asked => ({
    name: `report, ${name}`,
    needs: 'report.view',
    path: `/api/reports/cases?${query}`,
  });
  const plain = (name: string, needs: Asked['needs'], path: string): Asked => ({ name, needs, path });
  const next = (asked: Asked): Asked => ({
    ...asked,
    name: `${asked.name}, next page`,
    then: ({ nextCursor }) =>
      (nextCursor ?? null) === null ? undefined : `${asked.path}&cursor=${encodeURIComponent(String(nextCursor))}`,
  });
  const long = range(startAtMs, endAtMs);
  const month = range(endAtMs - 30 * day, endAtMs);
  return [
    plain('me', 'signed_in', '/api/me'),
    plain('names', 'signed_in', '/api/names'),
    plain('categories', 'incident.view', '/api/categories'),
    plain('areas', 'area.view', '/api/areas'),
    plain('cameras', 'camera.view', '/api/cameras'),
    plain('cameras of a commune', 'camera.view', `/api/cameras?areaId=${area}`),
    plain('camera', 'camera.view', `/api/cameras/${camera}`),
    plain('cameras out of use', 'camera.view', '/api/cameras?retired=1'),
    plain('device', 'camera.view', `/api/devices/${camera}`),
    plain('sightings', 'camera.manage', '/api/camera-sightings'),
    plain('alerts of the console', 'recorder.view', '/api/console/alerts'),
    plain('history of 30 days', 'camera.view', `/api/cameras/${camera}/history?${month}`),
    plain('history of a year', 'camera.view', `/api/cameras/${camera}/history?${long}`),
    plain('recorders', 'recorder.view', '/api/recorders'),
    plain(
      'coverage of a day',
      'footage.open',
      `/api/coverage?cameraIds=${camera}&${range(endAtMs - 2 * day, endAtMs - day)}`,
    ),
    plain('accounts', 'account.manage', '/api/accounts'),
    plain('incident', 'incident.view', `/api/incidents/${incident}`),
    plain('tags of an incident', 'incident.view', `/api/incidents/${incident}/tags`),
    plain('holds of an incident', 'incident.view', `/api/incidents/${incident}/holds`),
    plain('clips of an incident', 'incident.view', `/api/incidents/${incident}/clips`),
    incidents('newest', ''),
    next(incidents('newest', '')),
    incidents('long ago', range(startAtMs, startAtMs + 20 * day)),
    incidents('state resolved', 'state=resolved'),
    incidents('state new', 'state=new'),
    incidents('category', 'category=theft'),
    incidents('category without any', 'category=missing_person'),
    incidents('resolved by footage', 'resolvedByFootage=true'),
    incidents('not resolved by footage, a month', `resolvedByFootage=false&${month}`),
    incidents('of a commune', `areaId=${area}`),
    incidents('of a commune, state and month', `areaId=${area}&state=resolved&${month}`),
    search('common words', 'xe máy'),
    search('common words in another order', 'thon ba nga'),
    next(search('common words', 'xe máy')),
    search('beginnings', 'xe m'),
    search('one letter', 'c'),
    search('number', `2026/X3-${size.incidents >> 1}`),
    search('licence plate', '36b 12345'),
    search('two common words that never meet', 'rơm chó'),
    search('without a hit', 'kangaroo'),
    search('common word and none', 'xe kangaroo'),
    search('state in words', 'đã giải quyết trộm'),
    search('category in words', 'trom cap tai san'),
    search('area in words', 'cam binh xe'),
    search('common words, state', 'xe máy', '&state=new'),
    search('common words of a commune', 'xe máy', `&areaId=${area}`),
    search('common words, long ago', 'xe máy', `&${range(startAtMs, startAtMs + 10 * day)}`),
    audit('newest', ''),
    next(audit('newest', '')),
    audit('action', 'action=clip.download'),
    audit('action without a hit', 'action=area.delete'),
    audit('one day long ago', range(startAtMs + 10 * day, startAtMs + 11 * day)),
    audit('30 days', month),
    audit('30 days long ago', range(startAtMs, startAtMs + 30 * day)),
    audit('action and day', `action=footage.open&${range(startAtMs + 10 * day, startAtMs + 11 * day)}`),
    audit('action without a hit, 30 days', `action=area.delete&${month}`),
    audit('account', `accountId=${account}`),
    audit('account and action without a hit', `accountId=${account}&action=area.delete`),
    audit('subject', `subjectId=${incident}`),
    report('month', month),
    report('year', long),
    report('year of a commune', `${long}&areaId=${area}`),
    ...(isOfCommune ? [] : [report('year of the province', `${long}&areaId=${provinceId}`)]),
  ];
}
