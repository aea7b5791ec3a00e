import type { CameraResponse } from '@choi-canh/shared/cameras';
import { tagResponse } from '@choi-canh/shared/evidence';
import { incidentPageResponse, incidentResponse } from '@choi-canh/shared/incidents';
import { caseReportResponse } from '@choi-canh/shared/reports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CasesHarness, type OpenTestDatabase, type TestActor, type TestArea } from '../cases.test-harness.js';

/** Cẩm Thủy, 2022 and 2023: what footage clarified, as published. */
const published = { residential_conflict: 2, traffic_accident: 7, traffic_order: 2, theft: 1, drug_crime: 1 };
const start = '2022-01-01T00:00:00+07:00';
const end = '2024-01-01T00:00:00+07:00';
const period = `from=${encodeURIComponent(start)}&to=${encodeURIComponent(end)}`;

export function reportsSuite(open: OpenTestDatabase): void {
  describe('the report of cases', () => {
    const harness = new CasesHarness(open);
    let district: TestArea;
    const places: { area: TestArea; officer: TestActor; camera: CameraResponse }[] = [];
    beforeAll(async () => {
      await harness.start();
      const province = await harness.area('Thanh Hóa');
      district = await harness.area('Cẩm Thủy', province);
      for (const name of ['Cẩm Bình', 'Cẩm Châu', 'Cẩm Vân']) {
        const area = await harness.area(name, district);
        places.push({
          area,
          officer: harness.actor('commune_officer', area),
          camera: await harness.camera(area),
        });
      }
      await harness.area('Cẩm Yên', district);
      let entered = 0;
      for (const [category, count] of Object.entries(published)) {
        for (let turn = 0; turn < count; turn += 1, entered += 1) {
          await enter(entered, category, Date.parse(start) + entered * 55 * 86_400_000, 'resolved', true);
        }
      }
      expect(entered).toBe(13);
      // None of these is resolved by footage inside the period.
      await enter(0, 'theft', Date.parse(start) + 1, 'resolved', false);
      await enter(1, 'theft', Date.parse(start) + 1, 'under_review', true);
      await enter(2, 'theft', Date.parse(start) + 1, 'unresolved', true);
      await enter(0, 'theft', Date.parse(end), 'resolved', true);
      await enter(0, 'theft', Date.parse(start) - 1, 'resolved', true);
      const elsewhere = await harness.area('TP Thanh Hóa', province);
      const camera = await harness.camera(elsewhere);
      places.push({ area: elsewhere, officer: harness.actor('commune_officer', elsewhere), camera });
      await enter(3, 'theft', Date.parse(start) + 1, 'resolved', true, 4);
    }, 60_000);
    afterAll(() => harness.stop());

    async function enter(index: number, category: string, atMs: number, state: string, decisive: boolean, among = 3) {
      const { area, officer, camera } = places[index % among]!;
      const occurredAt = new Date(atMs).toISOString();
      const incident = await harness.incident(officer, area, { category, occurredAt });
      await officer.post(`/api/incidents/${incident.id}/tags`, tagResponse, {
        cameraId: camera.id,
        from: occurredAt,
        to: new Date(atMs + 20_000).toISOString(),
        decisive,
      });
      const outcome = state === 'under_review' ? {} : { outcome: 'Đã làm rõ' };
      await officer.patch(`/api/incidents/${incident.id}`, incidentResponse, { state, ...outcome });
    }
    const report = (actor: TestActor, query = period) => actor.get(`/api/reports/cases?${query}`, caseReportResponse);

    it('counts the 13 cases of Cẩm Thủy exactly, and nothing besides', async () => {
      const reader = harness.actor('district_officer', district);
      const answer = await report(reader);
      expect(answer).toMatchObject({
        areaId: district.id,
        areaName: 'Cẩm Thủy',
        total: { incidents: 16, resolved: 14, resolvedByFootage: 13 },
        camerasTotal: 3,
        camerasAlive: 0,
      });
      expect(Object.fromEntries(answer.byCategory.map((row) => [row.category, row.resolvedByFootage]))).toEqual({
        ...published,
        public_order: 0,
        fire: 0,
        missing_person: 0,
        other: 0,
      });
      expect(answer.byArea.map((row) => row.areaName)).toEqual(['Cẩm Bình', 'Cẩm Châu', 'Cẩm Vân', 'Cẩm Yên']);
      expect(answer.byArea.reduce((sum, row) => sum + row.resolvedByFootage, 0)).toBe(13);
      expect(answer.cells.reduce((sum, row) => sum + row.incidents, 0)).toBe(16);
      for (const cell of answer.cells) {
        const query = `${period}&areaId=${cell.areaId}&category=${cell.category}`;
        const all = await reader.get(`/api/incidents?${query}&limit=200`, incidentPageResponse);
        const byFootage = await reader.get(`/api/incidents?${query}&resolvedByFootage=true`, incidentPageResponse);
        expect([all.items.length, byFootage.items.length]).toEqual([cell.incidents, cell.resolvedByFootage]);
      }
    });

    it('is of the area that was asked and what lies below, within the scope', async () => {
      const admin = harness.actor('administrator');
      expect((await report(admin)).total.resolvedByFootage).toBe(14);
      expect((await report(admin)).areaId).toBeNull();
      expect((await report(admin, `${period}&areaId=${district.id}`)).total.resolvedByFootage).toBe(13);
      const commune = await report(places[0]!.officer);
      expect(commune.areaName).toBe('Cẩm Bình');
      expect(commune.byArea.map((row) => row.areaId)).toEqual([places[0]!.area.id]);
      expect(commune.camerasTotal).toBe(1);
      for (const outside of [district.id, places[1]!.area.id]) {
        expect(await places[0]!.officer.refusal('GET', `/api/reports/cases?${period}&areaId=${outside}`)).toBe(
          '404 area_not_found',
        );
      }
      expect(await admin.refusal('GET', '/api/reports/cases?from=2024-01-01T00:00:00Z&to=2023-01-01T00:00:00Z')).toBe(
        '400 bad_range',
      );
    });
  });
}
