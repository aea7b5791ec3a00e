import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What roles, levels of areas, categories and the parts of a report are called becomes data. The district level was
 * abolished on 2025-07-01: its words stay for the areas that bear them, marked as old. Same SQL on both databases.
 */
export class Names1763769600007 implements MigrationInterface {
  readonly name = 'Names1763769600007';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, rows] of Object.entries(lists)) {
      await runner.query(`CREATE TABLE ${table} (
        code varchar(60) PRIMARY KEY,
        vi text NOT NULL,
        en text NOT NULL,
        position integer NOT NULL,
        retired boolean NOT NULL
      )`);
      for (const [index, [code, vi, en, retired = false]] of rows.entries()) {
        await runner.query(
          `INSERT INTO ${table} (code, vi, en, position, retired)
           VALUES (${[code, vi, en].map(quoted).join(', ')}, ${index}, ${retired})`,
        );
      }
    }
    await runner.query('ALTER TABLE incident_category ADD COLUMN retired boolean NOT NULL DEFAULT false');
    for (const [code, before, after] of renamed) {
      await runner.query(
        `UPDATE incident_category SET vi = ${quoted(after)} WHERE code = ${quoted(code)} AND vi = ${quoted(before)}`,
      );
    }
    // A city that lies in nothing is one of those under the central government, which there still are.
    await runner.query(`UPDATE area SET level = 'central_city' WHERE level = 'city' AND parent_id IS NULL`);
    await runner.query('CREATE INDEX ix_area_level ON area (level)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_area_level');
    await runner.query(`UPDATE area SET level = 'city' WHERE level = 'central_city'`);
    const former = ['province', 'district', 'city', 'commune', 'ward', 'town'].map(quoted).join(', ');
    await runner.query(`UPDATE area SET level = 'other' WHERE level NOT IN (${former})`);
    for (const [code, before, after] of renamed) {
      await runner.query(
        `UPDATE incident_category SET vi = ${quoted(before)} WHERE code = ${quoted(code)} AND vi = ${quoted(after)}`,
      );
    }
    await runner.query('ALTER TABLE incident_category DROP COLUMN retired');
    for (const table of Object.keys(lists)) await runner.query(`DROP TABLE ${table}`);
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

type Row = readonly [code: string, vi: string, en: string, retired?: boolean];

const lists: Readonly<Record<string, readonly Row[]>> = {
  role_name: [
    ['commune_officer', 'Công an cấp xã', 'Commune officer'],
    ['technician', 'Kỹ thuật viên', 'Technician'],
    ['district_officer', 'Cán bộ tổng hợp', 'Reporting officer'],
    ['administrator', 'Quản trị viên', 'Administrator'],
  ],
  area_level: [
    ['province', 'Tỉnh', 'Province'],
    ['central_city', 'Thành phố', 'City'],
    ['commune', 'Xã', 'Commune'],
    ['ward', 'Phường', 'Ward'],
    ['special_zone', 'Đặc khu', 'Special zone'],
    ['village', 'Thôn/Bản', 'Village'],
    ['residential_group', 'Tổ dân phố/Khu phố', 'Neighbourhood'],
    ['other', 'Khác', 'Other'],
    ['district', 'Huyện', 'District', true],
    ['city', 'Thành phố thuộc tỉnh', 'Provincial city', true],
    ['town', 'Thị trấn', 'Town', true],
  ],
  report_text: [
    [
      'title',
      'Báo cáo kết quả khai thác, sử dụng hình ảnh camera an ninh',
      'Report on the use of security camera footage',
    ],
    ['incidentTitle', 'Phiếu thông tin vụ việc', 'Incident sheet'],
    ['superior', '', ''],
    ['unit', 'Công an {địa bàn}', 'Police of {area}'],
    ['number', 'Số:          /BC-CA', 'No.          /BC-CA'],
    ['place', '{tên địa bàn}', '{area name}'],
    ['recipients', 'Công an cấp trên;\nLưu: VT.', 'Superior police unit;\nFile.'],
    ['signer', 'Người lập báo cáo', 'Prepared by'],
  ],
};

const renamed: readonly (readonly [code: string, before: string, after: string])[] = [
  ['traffic_order', 'Vi phạm trật tự an toàn giao thông', 'Vi phạm trật tự, an toàn giao thông'],
  ['missing_person', 'Tìm người, vật thất lạc', 'Tìm người, tài sản thất lạc'],
];
