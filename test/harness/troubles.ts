// Everything that can be wrong with a server and its recorders, at once, as the page is told of it.
import { consoleAlertCodes, consoleAlertListResponse, consoleAlertSeverities } from '@choi-canh/shared/console-alerts';
import { unknownHoldPage } from '@choi-canh/shared/evidence';
import { recorderAlertCodes, recorderListResponse, setAsideEventsResponse } from '@choi-canh/shared/recorders';
import type { BrowserContext } from 'playwright-core';

const minuteMs = 60_000;
const instant = (minutesAgo: number) => new Date(Date.now() - minutesAgo * minuteMs).toISOString();
const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Facts for the sentences of all alerts; each takes its own. */
const facts = {
  ...{ cameras: 12, recorders: 1, holds: 4, ranges: 4, events: 7, values: 3, troubles: 2, stepMs: 3 * 3_600_000 },
  ...{ names: 'Cam 3 – Trụ sở Công an xã, Cam 9 – Nhà văn hóa', code: 'disk_full', key: 'ab12cd34'.repeat(8) },
  ...{ directory: '/srv/choi-canh/footage', version: '2.0.0', example: 'storage.state', freeBytes: 12_000_000 },
  ...{ reason: 'pg_dump_too_old', address: '10.0.0.7', header: 'X-Forwarded-Host', days: 2 },
};

function unknownHold(number: number, cameraName: string | null, incidentNumber: string) {
  const range = (minutesAgo: number) => ({ from: instant(minutesAgo), to: instant(minutesAgo - 2), gone: false });
  return {
    ...{ id: id(number), cameraId: id(100 + number), cameraName, incidentNumber, state: 'held' as const },
    ranges: [range(300), range(200)].map((one) => ({ ...one, state: 'held' as const })),
    ...{ createdAt: instant(100), createdByName: '' },
  };
}

/** The first recorder has every alert that there is, and so has the console. */
export async function stubTroubles(context: BrowserContext): Promise<void> {
  const alert = (code: string, severity: 'critical' | 'warning') => ({ code, severity, sinceAt: instant(25), facts });
  await context.route('**/api/recorders', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    const { items } = recorderListResponse.parse(await response.json());
    const alerts = recorderAlertCodes.map((code, index) => alert(code, index % 2 === 0 ? 'critical' : 'warning'));
    const json = recorderListResponse.parse({
      items: items.map((one, index) => ({ ...one, alerts: index === 0 ? alerts : [] })),
    });
    return route.fulfill({ response, json });
  });
  await context.route('**/api/console/alerts', (route) => {
    const items = consoleAlertCodes.map((code) => ({ ...alert(code, consoleAlertSeverities[code]), subject: '' }));
    return route.fulfill({ json: consoleAlertListResponse.parse({ items }) });
  });
  await context.route('**/unknown-holds*', (route) => {
    const items = [unknownHold(1, 'Cam 1 – Cổng chợ', '2026/CĐ-0007'), unknownHold(2, null, '')];
    return route.fulfill({ json: unknownHoldPage.parse({ items, nextCursor: null, ranges: 4 }) });
  });
  await context.route('**/set-aside', (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const items = (['failed', 'unknown_event', 'unknown_value'] as const).map((cause, index) => ({
      ...{ id: id(index), sequence: index + 4, type: 'camera.state', cause, detail: 'FOREIGN KEY constraint failed' },
      ...{ at: instant(25), setAsideAt: instant(25) },
    }));
    return route.fulfill({ json: setAsideEventsResponse.parse({ waiting: 7, items }) });
  });
}
