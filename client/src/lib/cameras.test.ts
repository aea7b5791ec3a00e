import type { CameraResponse } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import { applyStatuses } from './cameras.js';

const camera = { id: 'a', name: 'Cam 1', state: 'alive', reason: 'ok', detail: '', sinceAt: '1' } as CameraResponse;
const other = { ...camera, id: 'b', name: 'Cam 2' };
const status = {
  cameraId: 'b',
  state: 'down',
  reason: 'stream_stalled',
  detail: 'no frame for 10 s',
  sinceAt: '2',
} as const;

describe('applyStatuses', () => {
  it('changes only the camera that is meant, and nothing but its state', () => {
    const list = applyStatuses({ items: [camera, other] }, [status]);
    expect(list.items[0]).toBe(camera);
    const { cameraId, ...facts } = status;
    expect(list.items[1]).toEqual({ ...other, ...facts });
    expect(cameraId).toBe('b');
  });
  it('keeps the very list if no camera of it is meant', () => {
    const list = { items: [camera] };
    expect(applyStatuses(list, [status])).toBe(list);
  });
});
