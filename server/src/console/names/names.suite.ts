import type { AreaResponse } from '@choi-canh/shared/areas';
import type { AuditRecordResponse } from '@choi-canh/shared/audit';
import { namesResponse, reportTextKeys, type NamedEntry, type NamesResponse } from '@choi-canh/shared/names';
import { roles } from '@choi-canh/shared/permissions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { password, type Browser, type TestConsole } from '../auth/auth.test-harness.js';

/** What an administrator calls things, the same on both databases. */
export function namesSuite(start: () => Promise<TestConsole>): void {
  describe('names', () => {
    let console: TestConsole;
    let chief: Browser;
    beforeAll(async () => {
      console = await start();
      chief = await console.administrator();
    });
    afterAll(() => console?.stop());

    const read = async (browser = chief): Promise<NamesResponse> =>
      namesResponse.parse(await browser.json('GET', '/api/names'));
    const put = (path: string, body: unknown, browser = chief) => browser.json('PUT', `/api/names/${path}`, body);
    const refusal = (path: string, body: unknown, browser = chief) =>
      browser.errorCode('PUT', `/api/names/${path}`, body);
    const account = async (username: string, role: string, areaId: string | null) => {
      await chief.json('POST', '/api/accounts', { username, displayName: username, role, areaId, password });
      const browser = console.browser();
      expect((await browser.signIn(username)).status).toBe(201);
      return browser;
    };
    const trail = async (action: string) =>
      (await chief.json<{ items: AuditRecordResponse[] }>('GET', `/api/audit?action=${action}`)).items;
    const words = (items: NamedEntry[]) => items.map(({ vi }) => vi);

    it('begin as the law and the trade have them, in both languages', async () => {
      const names = await read();
      expect(names.roles.map(({ code }) => code)).toEqual([...roles]);
      expect(words(names.roles)).toEqual(['Công an cấp xã', 'Kỹ thuật viên', 'Cán bộ tổng hợp', 'Quản trị viên']);
      const now = names.areaLevels.filter(({ retired }) => !retired);
      expect(words(now)).toEqual([
        ...['Tỉnh', 'Thành phố', 'Xã', 'Phường', 'Đặc khu', 'Thôn/Bản', 'Tổ dân phố/Khu phố', 'Khác'],
      ]);
      const old = names.areaLevels.filter(({ retired }) => retired);
      expect(words(old)).toEqual(['Huyện', 'Thành phố thuộc tỉnh', 'Thị trấn']);
      expect(words(names.categories)).toContain('Vi phạm trật tự, an toàn giao thông');
      expect(Object.keys(names.report).sort()).toEqual([...reportTextKeys].sort());
      expect(names.report.title.vi).toBe('Báo cáo kết quả khai thác, sử dụng hình ảnh camera an ninh');
      const all = [names.roles, names.areaLevels, names.categories].flat();
      expect(all.filter(({ vi, en }) => vi === '' || en === '')).toEqual([]);
    });

    it('of roles are changed by an administrator, with before and after in the audit trail', async () => {
      await put('roles', { items: [{ code: 'district_officer', vi: ' Lãnh đạo phòng ', en: 'Head of unit' }] });
      const renamed = (await read()).roles.find(({ code }) => code === 'district_officer');
      expect(renamed).toMatchObject({ vi: 'Lãnh đạo phòng', en: 'Head of unit' });
      expect(await trail('name.update')).toMatchObject([
        {
          ...{ subjectType: 'role', subjectId: 'district_officer', subjectName: 'Cán bộ tổng hợp' },
          details: { before: { vi: 'Cán bộ tổng hợp' }, after: { vi: 'Lãnh đạo phòng', en: 'Head of unit' } },
        },
      ]);
      // Nothing new: nothing is recorded.
      await put('roles', { items: [{ code: 'district_officer', vi: 'Lãnh đạo phòng', en: 'Head of unit' }] });
      expect(await trail('name.update')).toHaveLength(1);
    });

    it('that somebody else changed meanwhile are not overwritten unawares', async () => {
      const seen = await read();
      const [first] = seen.roles;
      const items = [{ code: first?.code, vi: 'Công an cơ sở', en: 'Local police' }];
      await put('roles', { items, seen: seen.roles });
      const before = (await trail('name.update')).length;
      const late = [{ code: first?.code, vi: 'Công an xã, phường', en: 'Police of communes' }];
      expect(await refusal('roles', { items: late, seen: seen.roles })).toEqual([409, 'names_changed']);
      expect((await read()).roles[0]).toMatchObject({ vi: 'Công an cơ sở' });
      expect(await trail('name.update')).toHaveLength(before);
      // Knowingly: with what is there now.
      await put('roles', { items: late, seen: (await read()).roles });
      expect((await read()).roles[0]).toMatchObject({ vi: 'Công an xã, phường' });
      await put('roles', { items: [{ code: first?.code, vi: first?.vi, en: first?.en }] });

      await put('report', { texts: { unit: { vi: 'CÔNG AN XÃ A', en: 'A' } }, seen: seen.report });
      const texts = { unit: { vi: 'CÔNG AN XÃ B', en: 'B' } };
      expect(await refusal('report', { texts, seen: seen.report })).toEqual([409, 'names_changed']);
      await put('report', { texts: { unit: seen.report.unit }, seen: (await read()).report });
      const { categories } = seen;
      await put('categories', { items: [...categories].reverse(), seen: categories });
      expect(await refusal('categories', { items: categories, seen: categories })).toEqual([409, 'names_changed']);
      await put('categories', { items: categories });
      expect((await read()).categories).toEqual(categories);
    });

    it('of levels are added, put in order and marked as old; what an area bears stays', async () => {
      const { areaLevels } = await read();
      const hamlet = { code: null, vi: 'Ấp', en: 'Hamlet', retired: false };
      const items = [hamlet, ...areaLevels.filter(({ code }) => code !== 'village').reverse()];
      await put('area-levels', { items });
      const after = (await read()).areaLevels;
      expect(words(after)).toEqual(words(items as NamedEntry[]));
      const code = after[0]?.code ?? '';
      const area = await chief.json<AreaResponse>('POST', '/api/areas', {
        ...{ name: 'Ấp Bình An', parentId: null, level: code },
      });
      // The word of the level is left out of the mark.
      expect(area).toMatchObject({ level: code, code: 'BA' });
      expect(await refusal('area-levels', { items: after.slice(1) })).toEqual([409, 'name_in_use']);
      expect(words((await read()).areaLevels)).toEqual(words(after));
      await put('area-levels', { items: after.map((one) => ({ ...one, retired: one.retired || one.code === code })) });
      expect((await read()).areaLevels[0]).toMatchObject({ vi: 'Ấp', retired: true });
      expect((await trail('name.delete')).map(({ subjectName }) => subjectName)).toEqual(['Thôn/Bản']);
      for (const level of ['village', 'no-such-level']) {
        const body = { name: 'Thôn 1', parentId: null, level };
        expect(await chief.errorCode('POST', '/api/areas', body)).toEqual([400, 'unknown_level']);
        expect(await chief.errorCode('PATCH', `/api/areas/${area.id}`, { level })).toEqual([400, 'unknown_level']);
      }
    });

    it('of categories and the texts of a report are changed', async () => {
      const { categories } = await read();
      const items = categories.map((one) => (one.code === 'theft' ? { ...one, vi: 'Trộm cắp' } : one));
      await put('categories', { items: [...items, { code: null, vi: 'Lừa đảo', en: 'Fraud', retired: false }] });
      expect(words((await read()).categories)).toEqual([...words(items), 'Lừa đảo']);
      await put('report', { texts: { signer: { vi: 'TRƯỞNG CÔNG AN', en: 'HEAD' }, superior: { vi: '', en: '' } } });
      const { report } = await read();
      expect(report.signer).toEqual({ vi: 'TRƯỞNG CÔNG AN', en: 'HEAD' });
      expect(report.title.vi).not.toBe('');
    });

    it.each([
      ['a role that there is not', 'roles', { items: [{ code: 'king', vi: 'Vua', en: 'King' }] }],
      ['an empty name', 'roles', { items: [{ code: 'technician', vi: ' ', en: 'x' }] }],
      ['a name without end', 'roles', { items: [{ code: 'technician', vi: 'x'.repeat(81), en: 'x' }] }],
      ['no level at all', 'area-levels', { items: [] }],
      ['a code that there is not', 'area-levels', { items: [{ code: 'x', vi: 'X', en: 'X', retired: false }] }],
      [
        'two entries of one name',
        'categories',
        { items: ['Cháy', 'cháy'].map((vi, index) => ({ code: null, vi, en: `${index}`, retired: false })) },
      ],
      [
        'a list without end',
        'categories',
        {
          items: Array.from({ length: 61 }, (_, index) => ({
            code: null,
            vi: `${index}`,
            en: `${index}`,
            retired: false,
          })),
        },
      ],
      ['a report without a title', 'report', { texts: { title: { vi: '', en: 'x' } } }],
      ['a text that there is not', 'report', { texts: { footer: { vi: 'x', en: 'x' } } }],
    ])('refuse %s', async (_what, path, body) => {
      const before = await read();
      expect((await chief.send('PUT', `/api/names/${path}`, body)).status).toBe(400);
      expect(await read()).toEqual(before);
    });

    it('are changed by nobody else, and read by everybody who is signed in', async () => {
      const area = await chief.json<AreaResponse>('POST', '/api/areas', {
        ...{ name: 'Chí Đám', parentId: null, level: 'commune' },
      });
      const before = await read();
      const bodies: [string, unknown][] = [
        ['roles', { items: [{ code: 'technician', vi: 'Thợ', en: 'Worker' }] }],
        ['area-levels', { items: before.areaLevels.slice().reverse() }],
        ['categories', { items: before.categories.slice().reverse() }],
        ['report', { texts: { signer: { vi: 'x', en: 'x' } } }],
      ];
      const others = ['commune_officer', 'technician', 'district_officer'];
      for (const role of others) {
        const browser = await account(`mot.${role}`, role, area.id);
        expect(await read(browser)).toEqual(before);
        for (const [path, body] of bodies) {
          expect([role, path, ...(await refusal(path, body, browser))]).toEqual([role, path, 403, 'not_allowed']);
        }
      }
      const local = await account('quantri.xa', 'administrator', area.id);
      for (const [path, body] of bodies) expect(await refusal(path, body, local)).toEqual([403, 'outside_area']);
      expect(await read()).toEqual(before);
      expect((await console.browser().send('GET', '/api/names')).status).toBe(401);
    });
  });
}
