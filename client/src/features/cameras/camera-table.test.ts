import type { CameraResponse } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import { cameraRows, countStates, readCameraTableView, type CameraTableView } from './camera-table.js';

function camera(name: string, state: CameraResponse['state'], sinceAt: string, areaId = 'a'): CameraResponse {
  return {
    id: `id-${name}`,
    areaId,
    recorderId: 'r',
    name,
    place: name === 'Cam 10' ? 'Ngã ba chợ' : 'Cổng trường',
    location: null,
    ...{ deviceId: `d-${name}`, deviceKind: 'camera' as const, sourceToken: '', channelNumber: 1, channelName: '' },
    deviceAddress: `http://10.0.0.${name.length}/onvif/device_service`,
    manufacturer: '',
    model: '',
    serialNumber: '',
    username: 'admin',
    enabled: true,
    ...{ retentionDays: null, effectiveRetentionDays: 30, retentionSource: 'default', retentionAreaId: null },
    audio: false,
    main: null,
    sub: null,
    state,
    reason: 'ok',
    detail: '',
    sinceAt,
    retiredAt: null,
    createdAt: sinceAt,
  };
}
const cameras = [
  camera('Cam 10', 'alive', '2026-11-22T00:00:00.000Z', 'b'),
  camera('Cam 2', 'alive', '2026-11-21T00:00:00.000Z'),
  camera('Cam 3', 'down', '2026-11-22T03:00:00.000Z'),
  camera('Cam 4', 'down', '2026-11-20T03:00:00.000Z', 'b'),
  camera('Cam 5', 'degraded', '2026-11-19T03:00:00.000Z'),
];
const view: CameraTableView = { text: '', states: [], sort: 'state', descending: false };
const names = (changes: Partial<CameraTableView>) =>
  cameraRows(
    cameras,
    { ...view, ...changes },
    (id) => (id === 'a' ? 'Chí Đám' : 'Đồng Lương'),
    (row) => (row.state === 'down' ? 'Mất tín hiệu' : 'Hoạt động'),
  ).map((row) => row.name);

describe('cameraRows', () => {
  it.each([
    ['longest down first', {}, ['Cam 4', 'Cam 3', 'Cam 5', 'Cam 2', 'Cam 10']],
    ['by name as people count', { sort: 'name' }, ['Cam 2', 'Cam 3', 'Cam 4', 'Cam 5', 'Cam 10']],
    ['backwards', { sort: 'name', descending: true }, ['Cam 10', 'Cam 5', 'Cam 4', 'Cam 3', 'Cam 2']],
    ['by area, then name', { sort: 'area' }, ['Cam 2', 'Cam 3', 'Cam 5', 'Cam 4', 'Cam 10']],
    ['only one state', { states: ['down'] }, ['Cam 4', 'Cam 3']],
    ['found without marks', { text: 'nga ba' }, ['Cam 10']],
    ['found by number, not by address', { text: '10' }, ['Cam 10']],
    ['found by the words of its state', { text: 'mất tín' }, ['Cam 4', 'Cam 3']],
    ['found by area', { text: 'dong luong', sort: 'name' }, ['Cam 4', 'Cam 10']],
  ] as const)('%s', (_name, changes, expected) => {
    expect(names(changes as Partial<CameraTableView>)).toEqual(expected);
  });
});

describe('countStates', () => {
  it('counts every state, also those with none', () => {
    expect(countStates(cameras)).toEqual({ alive: 2, degraded: 1, down: 2, paused: 0, unknown: 0, maintenance: 0 });
  });
});

describe('readCameraTableView', () => {
  it('takes what is well-formed and leaves the rest', () => {
    expect(readCameraTableView(new URLSearchParams('q=ch%E1%BB%A3&state=down,xx,alive&sort=since&dir=desc'))).toEqual({
      text: 'chợ',
      states: ['alive', 'down'],
      sort: 'since',
      descending: true,
    });
    expect(readCameraTableView(new URLSearchParams('sort=zz'))).toEqual(view);
  });
});
