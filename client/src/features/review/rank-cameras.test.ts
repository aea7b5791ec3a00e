import type { CameraResponse } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import { rankCameras } from './rank-cameras.js';

const camera = (id: string, name: string, place: string, areaId = 'cd') =>
  ({ id, name, place, areaId }) as CameraResponse;
const cameras = [
  camera('1', 'Cam 01', 'Cổng ủy ban xã'),
  camera('2', 'Cam 02', 'Ngã ba chợ Chí Đám'),
  camera('3', 'Cam 03', 'Cầu Đoan Hùng'),
  camera('4', 'Cam 04', 'Ngã ba chợ', 'dl'),
];
const ids = (hints: Parameters<typeof rankCameras>[1]) => rankCameras(cameras, hints).map((one) => one.camera.id);
const likely = (hints: Parameters<typeof rankCameras>[1]) =>
  rankCameras(cameras, hints)
    .filter((one) => one.likely)
    .map((one) => one.camera.id);

describe('cameras for an incident', () => {
  it('keeps the order without hints', () => {
    expect(ids({})).toEqual(['1', '2', '3', '4']);
    expect(likely({})).toEqual([]);
  });
  it('puts those at the place first, typed without marks, and only of the area', () => {
    expect(ids({ areaId: 'cd', place: 'nga ba cho' })).toEqual(['2', '1', '3', '4']);
    expect(likely({ areaId: 'cd', place: 'nga ba cho' })).toEqual(['2']);
  });
  it('puts those with tags or holds before the rest', () => {
    expect(ids({ areaId: 'cd', place: 'xóm 5', knownIds: new Set(['3']) })).toEqual(['3', '1', '2', '4']);
    expect(likely({ areaId: 'cd', place: 'xóm 5', knownIds: new Set(['3']) })).toEqual(['3']);
  });
});
