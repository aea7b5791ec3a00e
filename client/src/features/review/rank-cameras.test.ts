import type { CameraResponse } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import fleet from '../../../../scripts/camera-simulator/fleets/chi-dam.json' with { type: 'json' };
import { rankCameras, type CameraHints } from './rank-cameras.js';

const places = fleet.areas[0]?.places ?? [];
const cameras = places.map(
  (place, index) =>
    ({ id: String(index + 1), name: `Cam ${index + 1} – ${place}`, place, areaId: 'cd' }) as CameraResponse,
);
const placesOf = (ranked: ReturnType<typeof rankCameras>) => ranked.map((one) => one.camera.place);
const order = (hints: CameraHints) => placesOf(rankCameras(cameras, hints));
const proposed = (hints: CameraHints) =>
  placesOf(rankCameras(cameras, hints).filter((one) => one.proposedFor === 'name'));

describe('cameras for an incident', () => {
  it('keeps the order without hints, and proposes nothing', () => {
    expect(order({})).toEqual(places);
    expect(proposed({})).toEqual([]);
  });

  it('weighs the market above the gates', () => {
    const market = [
      'Cổng chợ',
      'Chợ Chí Đám – cổng chính',
      'Chợ Chí Đám – cổng sau',
      'Ngã ba chợ',
      'Chợ Chí Đám – khu rau',
      'Bãi xe chợ',
    ];
    const ranked = order({ areaId: 'cd', place: 'Cổng chợ' });
    expect(ranked[0]).toBe('Cổng chợ');
    expect(new Set(ranked.slice(0, 6))).toEqual(new Set(market));
    expect(new Set(ranked.slice(6, 8))).toEqual(new Set(['Cổng UBND xã', 'Cổng chào xã']));
    expect(new Set(proposed({ areaId: 'cd', place: 'Cổng chợ' }))).toEqual(new Set(market));
  });

  it.each<[place: string, names: string[]]>([
    ['Ngã ba chợ', ['Ngã ba chợ', 'Cổng chợ', 'Bãi xe chợ']],
    ['nga ba cho', ['Ngã ba chợ', 'Cổng chợ', 'Bãi xe chợ']],
    ['Trước cổng UBND xã', ['Cổng UBND xã']],
    ['Ủy ban nhân dân xã Chí Đám', ['Cổng UBND xã']],
    ['Công an xã', ['Trụ sở Công an xã']],
    ['cong an xa', ['Trụ sở Công an xã']],
    ['Cống qua đê', ['Cống qua đê']],
    ['Quốc lộ 70', ['Ngã tư Quốc lộ 70', 'Quốc lộ 70 – đầu xã', 'Quốc lộ 70 – cuối xã']],
    ['QL 2', ['Quốc lộ 2 – đầu xã', 'Quốc lộ 2 – cuối xã']],
    ['Trạm y tế', ['Trạm y tế xã']],
    ['ngõ 5', ['Đầu ngõ 5']],
    // Kinds of places, directions and numbers alone name nothing.
    ['Cổng', []],
    ['cong', []],
    ['Ngã ba', []],
    ['xã', []],
    ['xóm 5', []],
    ['Đường vào', []],
    ['Công viên', []],
    ['Nhà bà Ba', []],
  ])('proposes for "%s"', (place, names) => {
    const found = proposed({ areaId: 'cd', place });
    expect(found[0]).toBe(names[0]);
    if (names.length === 0) expect(found).toEqual([]);
    expect(found).toEqual(expect.arrayContaining(names));
  });

  it.each([
    ['Cổng chợ', 'Trụ sở Công an xã'],
    ['Cổng chợ', 'Cống qua đê'],
    ['Cống', 'Cổng chào xã'],
    ['Công an', 'Cổng UBND xã'],
    ['cong an', 'Cổng UBND xã'],
  ])('marks that were typed are meant: "%s" is not like "%s"', (place, other) => {
    expect(order({ areaId: 'cd', place }).indexOf(other)).toBeGreaterThanOrEqual(places.indexOf(other));
    expect(proposed({ areaId: 'cd', place })).not.toContain(other);
  });

  it('takes both ways to set the tone, and names that have no marks', () => {
    const named = (id: string, place: string) => ({ id, name: `Cam ${id}`, place, areaId: 'cd' }) as CameraResponse;
    const list = [named('1', 'Hoà Bình'), named('2', 'Cau Hoa Binh'), named('3', 'Hoa Phượng'), named('4', 'Bến xe')];
    expect(
      rankCameras(list, { place: 'Hòa Bình' })
        .filter((one) => one.proposedFor === 'name')
        .map((one) => one.camera.id),
    ).toEqual(['1', '2']);
  });

  it('proposes only in the area of the incident', () => {
    const elsewhere = cameras.map((camera) => ({ ...camera, id: `e${camera.id}`, areaId: 'dl' }));
    const ranked = rankCameras([...elsewhere, ...cameras], { areaId: 'cd', place: 'Ngã ba chợ' });
    expect(ranked[0]?.camera.id).toBe('12');
    expect(ranked.filter((one) => one.proposedFor !== undefined).every((one) => one.camera.areaId === 'cd')).toBe(true);
  });

  it('puts those with tags or holds first, and says so', () => {
    const ranked = rankCameras(cameras, { areaId: 'cd', place: 'Cổng chợ', knownIds: new Set(['30']) });
    expect(ranked.slice(0, 2).map(({ camera, proposedFor }) => [camera.id, proposedFor])).toEqual([
      ['30', 'incident'],
      ['1', 'name'],
    ]);
  });
});
