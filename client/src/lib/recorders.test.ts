import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { describe, expect, it } from 'vitest';
import { applyAlerts, orderedAlerts } from './recorders.js';

const alert = (code: RecorderResponse['alerts'][number]['code'], severity: 'critical' | 'warning', minute: number) => ({
  ...{ code, severity, facts: {}, sinceAt: `2026-11-22T07:${String(minute).padStart(2, '0')}:00.000Z` },
});
const recorder = (id: string, alerts: RecorderResponse['alerts']) => ({ id, name: id, alerts }) as RecorderResponse;
const list = {
  items: [
    recorder('a', [alert('storage_slow', 'warning', 9)]),
    recorder('b', [alert('storage_full', 'critical', 1), alert('clock_stepped', 'warning', 5)]),
  ],
};

describe('alerts of recorders', () => {
  it('come gravest first, then newest', () => {
    expect(orderedAlerts(list).map((one) => `${one.recorderId} ${one.alert.code}`)).toEqual([
      'b storage_full',
      'a storage_slow',
      'b clock_stepped',
    ]);
    expect(orderedAlerts(undefined)).toEqual([]);
  });

  it('are replaced by what is told of a recorder, an empty list clears', () => {
    const told = [{ recorderId: 'b', recorderName: 'b', alerts: [] }];
    expect(orderedAlerts(applyAlerts(list, told)).map((one) => one.recorderId)).toEqual(['a']);
    expect(applyAlerts(list, [{ recorderId: 'c', recorderName: 'c', alerts: [] }])).toBeUndefined();
  });
});
