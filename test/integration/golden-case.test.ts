import { areaListResponse } from '@choi-canh/shared/areas';
import { incidentPageResponse, incidentResponse } from '@choi-canh/shared/incidents';
import { tagResponse } from '@choi-canh/shared/evidence';
import { caseReportResponse } from '@choi-canh/shared/reports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../harness/postgres.js';
import {
  addCameras,
  createAccount,
  createArea,
  startConsole,
  startSimulator,
  temporaryFolder,
  type RunningConsole,
  type RunningSimulator,
} from '../harness/system.js';

/** Cẩm Thủy, 2022 to 2024: what footage extraction clarified, as published. */
const published = { residential_conflict: 2, traffic_accident: 7, traffic_order: 2, theft: 1, drug_crime: 1 };
const communes = ['Cẩm Bình', 'Cẩm Châu', 'Cẩm Liên'];

describe.each(['sqlite', 'postgres'] as const)('the 13 cases of Cẩm Thủy on %s', (database) => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: RunningSimulator;
  let system: RunningConsole;
  let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;

  beforeAll(async () => {
    folder = await temporaryFolder();
    simulator = await startSimulator(3);
    postgres = database === 'postgres' ? await startPostgres() : undefined;
    system = await startConsole({
      dataDir: folder.path,
      env: postgres === undefined ? {} : { CHOI_CANH_DATABASE_URL: postgres.url },
    });
  });
  afterAll(async () => {
    await system?.stop();
    await simulator?.stop();
    await postgres?.stop();
    await folder?.remove();
  });

  it('entered through the API give exactly 2/7/2/1/1 and 13, and every number opens its cases', async () => {
    const api = system.administrator;
    const district = await createArea(api, 'Cẩm Thủy', null, 'district');
    const places = [];
    for (const [index, name] of communes.entries()) {
      const area = await createArea(api, name, district.id);
      const [camera] = await addCameras(api, area.id, simulator.cameras.slice(index, index + 1));
      const officer = await createAccount(system, `congan${index}`, 'commune_officer', area.id);
      if (camera !== undefined) places.push({ area, camera, officer: officer.api });
    }

    let entered = 0;
    for (const [category, count] of Object.entries(published)) {
      for (let number = 0; number < count; number += 1) {
        const place = places[entered % places.length];
        if (place === undefined) throw new Error('no place');
        const occurredAtMs = Date.parse('2022-01-01T00:00:00+07:00') + entered * 50 * 86_400_000;
        await enterCase(place, category, occurredAtMs, { decisive: true, state: 'resolved' });
        entered += 1;
      }
    }
    expect(entered).toBe(13);
    // What must not be counted: resolved without footage, a decisive tag without an outcome, and one outside the period.
    const [first] = places;
    if (first === undefined) throw new Error('no place');
    await enterCase(first, 'theft', Date.parse('2023-05-05T08:00:00+07:00'), { decisive: false, state: 'resolved' });
    await enterCase(first, 'theft', Date.parse('2023-05-06T08:00:00+07:00'), { decisive: true, state: 'under_review' });
    await enterCase(first, 'theft', Date.parse('2023-05-07T08:00:00+07:00'), { decisive: true, state: 'unresolved' });
    await enterCase(first, 'theft', Date.parse('2024-01-01T00:00:00+07:00'), { decisive: true, state: 'resolved' });

    const districtOfficer = await createAccount(system, 'lanhdao', 'district_officer', district.id);
    const period = 'from=2022-01-01T00:00:00%2B07:00&to=2024-01-01T00:00:00%2B07:00';
    const report = await districtOfficer.api.get(`/api/reports/cases?${period}`, caseReportResponse);
    const counted = Object.fromEntries(
      report.byCategory.filter((row) => row.resolvedByFootage > 0).map((row) => [row.category, row.resolvedByFootage]),
    );
    expect(counted).toEqual(published);
    expect(report.total).toEqual({ incidents: 16, resolved: 14, resolvedByFootage: 13 });
    expect(report.byCategory.find((row) => row.category === 'fire')?.incidents).toBe(0);
    expect(report.byArea.reduce((sum, row) => sum + row.resolvedByFootage, 0)).toBe(13);

    for (const cell of report.cells) {
      const cases = await districtOfficer.api.get(
        `/api/incidents?${period}&areaId=${cell.areaId}&category=${cell.category}&resolvedByFootage=true&limit=200`,
        incidentPageResponse,
      );
      expect(cases.items).toHaveLength(cell.resolvedByFootage);
      expect(cases.items.every((incident) => incident.resolvedByFootage)).toBe(true);
    }
    const areas = await districtOfficer.api.get('/api/areas', areaListResponse);
    expect(areas.items.map((area) => area.name).sort()).toEqual(['Cẩm Thủy', ...communes].sort());
  });

  async function enterCase(
    place: { area: { id: string }; camera: { id: string }; officer: RunningConsole['administrator'] },
    category: string,
    occurredAtMs: number,
    outcome: { decisive: boolean; state: 'resolved' | 'unresolved' | 'under_review' },
  ): Promise<void> {
    const occurredAt = new Date(occurredAtMs).toISOString();
    const { officer } = place;
    const incident = await officer.post('/api/incidents', incidentResponse, {
      areaId: place.area.id,
      occurredAt,
      place: 'Ngã ba chợ',
      category,
    });
    await officer.post(`/api/incidents/${incident.id}/tags`, tagResponse, {
      cameraId: place.camera.id,
      from: occurredAt,
      to: new Date(occurredAtMs + 30_000).toISOString(),
      decisive: outcome.decisive,
    });
    await officer.patch(`/api/incidents/${incident.id}`, incidentResponse, { state: 'under_review' });
    if (outcome.state !== 'under_review') {
      await officer.patch(`/api/incidents/${incident.id}`, incidentResponse, {
        state: outcome.state,
        outcome: 'Đã làm rõ.',
      });
    }
  }
});
