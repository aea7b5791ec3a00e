import { categoryListResponse, incidentPageResponse, incidentResponse } from '@choi-canh/shared/incidents';
import { tagResponse } from '@choi-canh/shared/evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CasesHarness, type OpenTestDatabase, type TestActor, type TestArea } from '../cases.test-harness.js';
import { SteppedClock } from '../stepped-clock.test-harness.js';

export function incidentsSuite(open: OpenTestDatabase): void {
  describe('incidents', () => {
    const clock = new SteppedClock();
    const harness = new CasesHarness(open, clock);
    let area: TestArea;
    let officer: TestActor;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám', undefined, 'CĐ');
      officer = harness.actor('commune_officer', area);
    });
    afterAll(() => harness.stop());
    const page = (query: string, actor = officer) => actor.get(`/api/incidents?${query}`, incidentPageResponse);

    it('has the nine categories of the catalogue, in its order', async () => {
      const { items } = await officer.get('/api/categories', categoryListResponse);
      expect(items.map((item) => item.code)).toEqual([
        'residential_conflict',
        'traffic_accident',
        'traffic_order',
        'theft',
        'drug_crime',
        'public_order',
        'fire',
        'missing_person',
        'other',
      ]);
      expect(items[1]).toEqual({
        ...{ code: 'traffic_accident', vi: 'Tai nạn giao thông', en: 'Traffic accident' },
        retired: false,
      });
    });

    it('numbers without gap by area and year there, also where many are entered at once and some refused', async () => {
      const year = (ms: number) =>
        new Intl.DateTimeFormat('en', { timeZone: 'Asia/Ho_Chi_Minh', year: 'numeric' }).format(ms);
      const thisYear = year(clock.nowMs());
      const entered = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          harness.incident(officer, area, index % 4 === 3 ? { category: 'no_such' } : { title: `Vụ ${index}` }),
        ),
      );
      const numbers = entered.flatMap((result) => (result.status === 'fulfilled' ? [result.value.number] : []));
      expect(numbers.sort()).toEqual(
        Array.from({ length: 9 }, (_, index) => `${thisYear}/CĐ-${String(index + 1).padStart(4, '0')}`),
      );
      const other = await harness.area('Cẩm Bình', undefined, 'CB');
      const admin = harness.actor('administrator');
      expect((await harness.incident(admin, other)).number).toBe(`${thisYear}/CB-0001`);

      // 31 December, 17:00 UTC is the new year in Hanoi.
      const newYear = Date.UTC(Number(thisYear), 11, 31, 17);
      clock.step(newYear - clock.nowMs() - 5_000);
      expect((await harness.incident(officer, area)).number).toBe(`${thisYear}/CĐ-0010`);
      clock.step(10_000);
      expect((await harness.incident(officer, area)).number).toBe(`${Number(thisYear) + 1}/CĐ-0001`);
      clock.step(Date.now() - clock.nowMs());
    });

    it('goes from state to state as the table says; closing asks for what was found out', async () => {
      const incident = await harness.incident(officer, area);
      const path = `/api/incidents/${incident.id}`;
      expect(await officer.refusal('PATCH', path, { state: 'resolved' })).toBe('400 outcome_required');
      const closed = await officer.patch(path, incidentResponse, { state: 'resolved', outcome: 'Hai bên hòa giải' });
      expect(closed).toMatchObject({ state: 'resolved', outcome: 'Hai bên hòa giải', resolvedByFootage: false });
      expect(closed.closedAt).not.toBeNull();
      expect(await officer.refusal('PATCH', path, { state: 'new' })).toBe('409 state_not_allowed');
      expect(await officer.refusal('PATCH', path, { outcome: '' })).toBe('400 outcome_required');
      const reopened = await officer.patch(path, incidentResponse, { state: 'under_review' });
      expect(reopened).toMatchObject({ state: 'under_review', closedAt: null, outcome: 'Hai bên hòa giải' });
      const records = (await harness.trail('incident.update')).filter((record) => record.subjectId === incident.id);
      expect(records[0]?.details).toMatchObject({
        before: { state: 'new', outcome: '' },
        after: { state: 'resolved', outcome: 'Hai bên hòa giải' },
      });
      expect(records).toHaveLength(2);
    });

    it('notices a colleague’s change', async () => {
      const incident = await harness.incident(officer, area);
      const path = `/api/incidents/${incident.id}`;
      const mine = await officer.patch(path, incidentResponse, { version: 1, title: 'Va chạm' });
      expect(mine.version).toBe(2);
      const response = await officer.fetch('PATCH', path, { version: 1, title: 'Khác' });
      expect(response.status).toBe(409);
      expect(((await response.json()) as { error: object }).error).toMatchObject({
        code: 'incident_changed',
        details: { version: 2 },
      });
      expect((await officer.patch(path, incidentResponse, { version: 2, title: 'Va chạm' })).version).toBe(2);
    });

    it('derives resolved-by-footage from the outcome and a decisive tag, and from nothing else', async () => {
      const camera = await harness.camera(area);
      const incident = await harness.incident(officer, area);
      const path = `/api/incidents/${incident.id}`;
      const get = () => officer.get(path, incidentResponse);
      const range = { from: incident.occurredAt, to: new Date(Date.parse(incident.occurredAt) + 9000).toISOString() };
      const tag = await officer.post(`${path}/tags`, tagResponse, { cameraId: camera.id, ...range });
      await officer.patch(path, incidentResponse, { state: 'resolved', outcome: 'Rõ' });
      expect(await get()).toMatchObject({ resolvedByFootage: false, tagCount: 1 });
      await officer.patch(`/api/tags/${tag.id}`, tagResponse, { decisive: true });
      expect((await get()).resolvedByFootage).toBe(true);
      expect((await page('resolvedByFootage=true')).items.map((item) => item.id)).toEqual([incident.id]);
      expect((await page('resolvedByFootage=false')).items.map((item) => item.id)).not.toContain(incident.id);
      await officer.patch(path, incidentResponse, { state: 'unresolved' });
      expect((await get()).resolvedByFootage).toBe(false);
      await officer.patch(path, incidentResponse, { state: 'resolved' });
      expect(await officer.status('DELETE', `/api/tags/${tag.id}`)).toBe(204);
      expect(await get()).toMatchObject({ resolvedByFootage: false, tagCount: 0 });
    });

    it('is listed newest first, page by page, each once', async () => {
      const place = await harness.area('Đồng Lương', undefined, 'ĐL');
      const reader = harness.actor('district_officer', place);
      const writer = harness.actor('commune_officer', place);
      const base = Date.UTC(2026, 5, 1);
      for (let index = 0; index < 7; index += 1) {
        // Two and two at the same instant: the order must not depend on the instant alone.
        await harness.incident(writer, place, {
          occurredAt: new Date(base + Math.floor(index / 2) * 60_000).toISOString(),
        });
      }
      const seen: { id: string; occurredAt: string }[] = [];
      let cursor: string | null = null;
      do {
        const next: Awaited<ReturnType<typeof page>> = await page(
          `limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
          reader,
        );
        seen.push(...next.items);
        cursor = next.nextCursor;
      } while (cursor !== null);
      expect(new Set(seen.map((item) => item.id)).size).toBe(7);
      expect(seen.map((item) => item.occurredAt)).toEqual(
        seen
          .map((item) => item.occurredAt)
          .sort()
          .reverse(),
      );
      expect(await reader.refusal('GET', '/api/incidents?cursor=bm9uc2Vuc2U')).toBe('400 bad_cursor');
    });

    it('is filtered and found by words, with and without diacritics', async () => {
      const place = await harness.area('Lam Sơn', undefined, 'LS');
      const writer = harness.actor('commune_officer', place);
      const first = await harness.incident(writer, place, {
        title: 'Đâm xe máy 100%',
        place: 'Ngã tư Bưu điện',
        category: 'traffic_accident',
        occurredAt: '2026-03-01T00:00:00.000Z',
      });
      const second = await harness.incident(writer, place, {
        title: 'Mất xe đạp',
        category: 'theft',
        occurredAt: '2026-03-02T00:00:00.000Z',
      });
      const find = async (query: string) => (await page(query, writer)).items.map((item) => item.id);
      for (const text of ['dam xe', 'ĐÂM', 'buu dien', 'Bưu điện đâm', '100%', first.number]) {
        expect(await find(`text=${encodeURIComponent(text)}`), text).toEqual([first.id]);
      }
      expect(await find(`text=${encodeURIComponent('%')}`)).toEqual([]);
      expect(await find(`text=${encodeURIComponent("xe' OR 1=1")}`)).toEqual([]);
      expect(await find('text=xe')).toEqual([second.id, first.id]);
      expect(await find('category=theft')).toEqual([second.id]);
      expect(await find('state=resolved')).toEqual([]);
      expect(await find('from=2026-03-02T00:00:00Z')).toEqual([second.id]);
      expect(await find('to=2026-03-02T00:00:00Z')).toEqual([first.id]);
      expect(await find(`areaId=${place.id}`)).toHaveLength(2);
    });

    it('is found by its words in any order, with and without marks, composed or decomposed', async () => {
      const place = await harness.area('Cẩm Bình', undefined, 'CBN');
      const writer = harness.actor('commune_officer', place);
      const incident = await harness.incident(writer, place, {
        title: '',
        place: 'Ngã ba chợ',
        category: 'theft',
        description: 'Đối tượng đi xe Wave 36B1-23456',
      });
      const find = async (text: string) =>
        (await page(`text=${encodeURIComponent(text)}`, writer)).items.map((item) => item.id);
      const searches = [
        ...['ngã ba chợ', 'nga ba cho', 'chợ ngã ba', 'cho nga'],
        ...[
          'CHỢ',
          'chợ ngã ba'.normalize('NFD'),
          'NGÃ BA'.normalize('NFD'),
          'wave đối',
          'doi wave',
          '23456 36 chợ',
          '36B1-23456',
        ],
        ...['chợ trộm', 'bình cẩm chợ', 'mới chợ', 'moi tai san binh nga'],
      ];
      for (const text of searches) expect(await find(text), text).toEqual([incident.id]);
      for (const text of ['ngã sáu chợ', 'chợ kangaroo', 'ba nga cho xa', '3456']) {
        expect(await find(text), text).toEqual([]);
      }
    });

    it('keeps its order and its words when its time changes, also beside others of that time', async () => {
      const place = await harness.area('Cẩm Vân', undefined, 'CVN');
      const writer = harness.actor('commune_officer', place);
      const at = (day: number) => `2026-01-0${day}T08:00:00.000Z`;
      const made = [];
      for (const day of [1, 2, 2, 2, 3]) made.push(await harness.incident(writer, place, { occurredAt: at(day) }));
      const [first, , , , last] = made;
      await writer.patch(`/api/incidents/${first?.id}`, incidentResponse, { occurredAt: at(2), title: 'Cháy rơm' });
      await writer.patch(`/api/incidents/${last?.id}`, incidentResponse, { occurredAt: at(2) });
      const all = await page('limit=50', writer);
      expect(new Set(all.items.map((item) => item.id))).toEqual(new Set(made.map((item) => item.id)));
      expect((await page('text=rom+chay', writer)).items.map((item) => item.id)).toEqual([first?.id]);
      expect((await page(`from=${at(2)}`, writer)).items).toHaveLength(5);
      expect((await page(`to=${at(2)}`, writer)).items).toHaveLength(0);
      const paged: string[] = [];
      for (let cursor = ''; paged.length < 10;) {
        const part = await page(`limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, writer);
        paged.push(...part.items.map((item) => item.id));
        if (part.nextCursor === null) break;
        cursor = part.nextCursor;
      }
      expect(paged).toEqual(all.items.map((item) => item.id));
    });

    it('is never in the future, but for a clock that is two minutes ahead', async () => {
      const inMs = (ms: number) => new Date(clock.nowMs() + ms).toISOString();
      const given = (ms: number) => ({ areaId: area.id, occurredAt: inMs(ms), place: 'Chợ', category: 'theft' });
      expect(await officer.refusal('POST', '/api/incidents', given(10 * 60_000))).toBe('400 incident_in_future');
      expect(await officer.refusal('POST', '/api/incidents', given(365 * 86_400_000))).toBe('400 incident_in_future');
      expect(await officer.status('POST', '/api/incidents', given(60_000))).toBe(201);

      const incident = await harness.incident(officer, area);
      const path = `/api/incidents/${incident.id}`;
      expect(await officer.refusal('PATCH', path, { occurredAt: inMs(10 * 60_000) })).toBe('400 incident_in_future');
      expect((await officer.get(path, incidentResponse)).occurredAt).toBe(incident.occurredAt);
      const earlier = inMs(-86_400_000);
      expect(await officer.status('PATCH', path, { occurredAt: earlier })).toBe(200);
      expect((await officer.get(path, incidentResponse)).occurredAt).toBe(earlier);

      // One that an older version took as it was can still be changed elsewhere.
      clock.step(-2 * 86_400_000);
      expect(await officer.status('PATCH', path, { occurredAt: earlier, place: 'Cổng chợ' })).toBe(200);
      expect(await officer.refusal('PATCH', path, { occurredAt: inMs(10 * 60_000) })).toBe('400 incident_in_future');
      clock.step(Date.now() - clock.nowMs());
    });

    it('is found by what the list shows of it: number, category, state and area, also where those were renamed', async () => {
      const place = await harness.area('Vân Du', undefined, 'VD');
      const writer = harness.actor('commune_officer', place);
      const given = (day: number, more: object) => ({ occurredAt: `2026-02-0${day}T00:00:00.000Z`, ...more });
      const theft = await harness.incident(
        writer,
        place,
        given(1, { category: 'theft', place: 'Quốc lộ 70', description: 'Mất 2 con gà, gọi 0912 345 678' }),
      );
      const fire = await harness.incident(writer, place, given(2, { category: 'fire', place: 'Kho bưởi' }));
      const other = await harness.incident(writer, place, given(3, { category: 'other', title: 'Trộm chó' }));
      const find = async (text: string, actor = writer) =>
        (await page(`text=${encodeURIComponent(text)}`, actor)).items.map((item) => item.id);

      expect(theft.number.endsWith('VD-0001')).toBe(true);
      for (const [text, found] of [
        ['1', [theft]],
        ['0002', [fire]],
        ['VD-0003', [other]],
        ['vd3', [other]],
        [fire.number, [fire]],
        ['70', [theft]],
        ['7', []],
        ['678', [theft]],
        ['Trộm cắp', [theft]],
        ['trom cap tai san', [theft]],
        ['trom', [other, theft]],
        ['explosion', [fire]],
        ['cháy kho', [fire]],
        ['vân du', [other, fire, theft]],
        ['van du chay', [fire]],
        ['mới trộm cắp', [theft]],
        ['đang xác minh', []],
      ] as const) {
        expect(await find(text), text).toEqual(found.map((one) => one.id));
      }

      await writer.patch(`/api/incidents/${fire.id}`, incidentResponse, { state: 'under_review', title: 'Khói đen' });
      expect(await find('đang xác minh')).toEqual([fire.id]);
      expect(await find('khoi')).toEqual([fire.id]);
      await writer.patch(`/api/incidents/${fire.id}`, incidentResponse, { title: '' });
      expect(await find('khoi')).toEqual([]);

      const rename = (name: string) =>
        harness.db.write((manager) => manager.update('incident_category', { code: 'fire' }, { vi: name }));
      await rename('Hỏa hoạn');
      expect(await find('hoả hoạn')).toEqual([fire.id]);
      expect(await find('cháy')).toEqual([]);
      await rename('Cháy, nổ');

      // Neither the words nor the names lead out of the scope.
      const stranger = harness.actor('commune_officer', await harness.area('Hùng Long', undefined, 'HL'));
      for (const text of ['trộm', 'vân du', 'cháy', '1']) expect(await find(text, stranger), text).toEqual([]);

      // Page by page, as without a search.
      const first = await page(`text=${encodeURIComponent('vân du')}&limit=2`, writer);
      expect(first.items.map((item) => item.id)).toEqual([other.id, fire.id]);
      const rest = await page(`text=${encodeURIComponent('vân du')}&limit=2&cursor=${first.nextCursor}`, writer);
      expect(rest).toMatchObject({ items: [{ id: theft.id }], nextCursor: null });
    });

    it('says what is wrong with what it was given', async () => {
      const given = { areaId: area.id, occurredAt: '2026-03-01T00:00:00Z', place: 'Chợ', category: 'theft' };
      expect(await officer.refusal('POST', '/api/incidents', { ...given, category: 'x' })).toBe('400 unknown_category');
      expect(await officer.status('POST', '/api/incidents', { ...given, place: '' })).toBe(400);
      expect(await officer.status('POST', '/api/incidents', { ...given, occurredAt: 'yesterday' })).toBe(400);
      const reader = harness.actor('district_officer', area);
      expect(await reader.refusal('POST', '/api/incidents', given)).toBe('403 not_allowed');
    });
  });
}
