import type { IncidentResponse } from '@choi-canh/shared/incidents';
import { expect, it } from 'vitest';
import { versionToSend } from './version-to-send.js';

const seen = { state: 'new', outcome: '', place: 'Ngã ba chợ', version: 3 } as IncidentResponse;

it.each([
  ['nothing changed meanwhile', { state: 'resolved' as const, outcome: 'xong' }, seen, 3],
  ['something else changed', { state: 'resolved' as const, outcome: 'xong' }, { ...seen, place: 'Cầu', version: 5 }, 5],
  ['the same thing changed', { outcome: 'xong' }, { ...seen, outcome: 'khác', version: 5 }, 3],
])('%s', (_, changes, newest, version) => {
  expect(versionToSend(changes, seen, newest)).toBe(version);
});
