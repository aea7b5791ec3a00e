/**
 * The statements that fill an empty console database of migration 0007, the same for both kinds but for how a series is
 * written; what later migrations changed they bring about themselves.
 */
import {
  communeName,
  endAtMs,
  idOf,
  places,
  provinceId,
  sentences,
  startAtMs,
  things,
  yearMs,
  type DatasetSize,
} from './dataset.js';

/** Of every account. */
export const seedPassword = 'mat-khau-thu-nghiem';

export type DatabaseKind = 'sqlite' | 'postgres';

/** A part of the seed. Each is done once and remembered, so that an interrupted seeding goes on where it was. */
export interface SeedStep {
  readonly name: string;
  readonly statements: readonly string[];
}

interface Dialect {
  /** Rows `i` from `from` to before `to`. */
  series(from: number, to: number): string;
  /** Twelve hex digits. */
  hex12(expression: string): string;
  hex8(expression: string): string;
}

const dialects: Record<DatabaseKind, Dialect> = {
  sqlite: {
    series: (from, to) =>
      `(WITH RECURSIVE s(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM s WHERE i < ${to - 1}) SELECT i FROM s) s`,
    hex12: (expression) => `printf('%012x', ${expression})`,
    hex8: (expression) => `printf('%08x', ${expression})`,
  },
  postgres: {
    series: (from, to) => `generate_series(${from}::bigint, ${to - 1}::bigint) AS s(i)`,
    hex12: (expression) => `lpad(to_hex((${expression})::bigint), 12, '0')`,
    hex8: (expression) => `lpad(to_hex((${expression})::bigint), 8, '0')`,
  },
};

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
/** One of the texts, by a number expression. */
const oneOf = (texts: readonly string[], by: string) =>
  `(CASE (${by}) % ${texts.length} ${texts.map((text, index) => `WHEN ${index} THEN ${quoted(text)}`).join(' ')} END)`;
/** A number from 0 to before `below` that follows from `i` and looks random. */
const mixed = (i: string, salt: number, below: number) =>
  `(((${i}) * ${48_271 + 2 * salt} + ${salt * 7919}) % 2147483647 % ${below})`;

const cut = 250_000;
const parts = (count: number, most = cut): [number, number][] =>
  Array.from({ length: Math.ceil(count / most) }, (_, index) => [index * most, Math.min(count, (index + 1) * most)]);

export interface SeedSecrets {
  readonly passwordHash: string;
  /** Sealed, by the index of the recorder. */
  readonly tokenBoxes: readonly string[];
  /** Sealed under the context of the first camera; no other is ever opened here. */
  readonly passwordBoxOf: (camera: number) => string;
}

export function seedSteps(kind: DatabaseKind, size: DatasetSize, secrets: SeedSecrets): SeedStep[] {
  const { series, hex12, hex8 } = dialects[kind];
  const fixed = (first: string, by: string) => `'${first}-0000-4000-8000-' || ${hex12(by)}`;
  const scattered = (by: string) =>
    `${hex8(`((${by}) * 40503 + 12345) % 4294967296`)} || '-0000-4000-8000-' || ${hex12(by)}`;
  const area = (by: string) => fixed('11000000', `(${by}) % ${size.communes}`);
  const camera = (by: string) => fixed('13000000', `(${by}) % ${size.cameras}`);
  const account = (by: string) => fixed('14000000', `(${by}) % ${size.accounts}`);
  const incident = scattered;
  const text = (expression: string) => `CAST(${expression} AS text)`;
  const officer = `'Cán bộ ' || ${text(mixed('i', 5, size.accounts))}`;
  /** Camera of the n-th piece of an incident: of the incident's own commune. */
  const cameraOf = (by: string, n: string) =>
    fixed(
      '13000000',
      `((${by}) * 13) % ${size.communes} + ${size.communes} * (((${by}) + ${n}) % ${Math.max(1, Math.floor(size.cameras / size.communes))})`,
    );
  const recorderOf = fixed('12000000', `((i * 13) % ${size.communes}) % ${size.recorders}`);
  const holdState = `CASE WHEN i % 10 = 0 THEN 'released' ELSE 'held' END`;
  const occurred = (by: string) => `${startAtMs} + ${mixed(by, 3, Math.floor(yearMs / 60_000))} * 60000`;

  const areaRows = [
    `(${quoted(provinceId)}, NULL, 'Thanh Hóa', 'province', 'TH', ${quoted(`/${provinceId}/`)}, ${startAtMs})`,
    ...Array.from({ length: size.communes }, (_, index) => {
      const id = idOf.area(index);
      return `(${quoted(id)}, ${quoted(provinceId)}, ${quoted(communeName(index))}, 'commune', 'X${index}', ${quoted(`/${provinceId}/${id}/`)}, ${startAtMs})`;
    }),
  ];
  const recorderRows = Array.from(
    { length: size.recorders },
    (_, index) =>
      `(${quoted(idOf.recorder(index))}, 'Đầu ghi ${index + 1}', 'http://127.0.0.1:9/', ${quoted(secrets.tokenBoxes[index]!)}, FALSE, 0, 0, NULL, ${startAtMs})`,
  );
  const facts = (width: number, height: number, token: string) =>
    quoted(JSON.stringify({ profileToken: token, codec: 'h264', width, height, frameRate: 25, bitrateKbps: 2000 }));

  return [
    {
      name: 'areas, recorders, accounts',
      statements: [
        `INSERT INTO area (id, parent_id, name, level, code, path, created_at) VALUES ${areaRows.join(', ')}`,
        `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, last_seen_at, created_at)
         VALUES ${recorderRows.join(', ')}`,
        `INSERT INTO account (id, username, display_name, role, area_id, locale, enabled, password_hash, created_at, last_sign_in_at)
         SELECT ${account('i')}, 'canbo' || ${text('i')}, 'Cán bộ ' || ${text('i')},
           CASE WHEN i < 2 THEN 'administrator' WHEN i % 10 = 3 THEN 'technician' WHEN i % 10 = 7 THEN 'district_officer' ELSE 'commune_officer' END,
           CASE WHEN i = 0 THEN NULL WHEN i = 1 THEN ${quoted(provinceId)} ELSE ${area('i')} END,
           'vi', TRUE, ${quoted(secrets.passwordHash)}, ${startAtMs}, NULL FROM ${series(0, size.accounts)}`,
      ],
    },
    {
      name: 'cameras',
      statements: Array.from({ length: Math.ceil(size.cameras / 500) }, (_, part) => {
        const rows = Array.from({ length: Math.min(500, size.cameras - part * 500) }, (_, at) => {
          const i = part * 500 + at;
          const commune = i % size.communes;
          const number = Math.floor(i / size.communes) + 1;
          const place = `${places[i % places.length]}, ${communeName(commune)}`;
          return `(${[
            ...[idOf.camera(i), idOf.area(commune), idOf.recorder(commune % size.recorders)].map(quoted),
            ...[`Cam ${number} – ${communeName(commune)}`, place].map(quoted),
            ...['19.9', '105.5'],
            ...[
              `http://10.${commune}.${number >> 8}.${number & 255}/onvif/device_service`,
              '',
              'KBVision',
              'KX-2001',
              `SN${i}`,
              '1.2',
              'admin',
            ].map(quoted),
            quoted(secrets.passwordBoxOf(i)),
            ...[
              'TRUE',
              i % 7 === 0 ? '60' : 'NULL',
              'FALSE',
              facts(1920, 1080, 'main'),
              facts(640, 360, 'sub'),
              String(startAtMs),
            ],
          ].join(', ')})`;
        });
        return `INSERT INTO camera (id, area_id, recorder_id, name, place, lat, lon, device_address, endpoint_reference,
          manufacturer, model, serial_number, firmware_version, username, password_box, enabled, retention_days, audio,
          main_stream, sub_stream, created_at) VALUES ${rows.join(', ')}`;
      }),
    },
    ...parts(size.cameras, 500).map(([from, to]) => ({
      name: `intervals of cameras ${from} to ${to}`,
      statements: [intervalsSql(from, to)],
    })),
    ...parts(size.incidents, 50_000).map(([from, to]) => ({
      name: `incidents ${from} to ${to}`,
      statements: [
        `INSERT INTO incident (id, number, area_id, title, occurred_at, place, category, source, description, state, outcome,
           closed_at, created_at, created_by_id, created_by_name, version)
         SELECT ${incident('i')}, '2026/X' || ${text(`(i * 13) % ${size.communes}`)} || '-' || ${text('i')}, ${area('i * 13')},
           CASE WHEN i % 3 = 0 THEN '' ELSE ${oneOf(things, mixed('i', 11, 1000))} END, ${occurred('i')},
           ${oneOf(places, mixed('i', 13, 1000))} || ', thôn ' || ${text(mixed('i', 17, 30))},
           ${oneOf(['residential_conflict', 'traffic_accident', 'traffic_order', 'theft', 'drug_crime', 'public_order', 'fire', 'other'], mixed('i', 19, 1000))},
           ${oneOf(['police_patrol', 'tip_zalo', 'tip_phone', 'tip_in_person', 'grassroots_team'], 'i')},
           ${oneOf(sentences, mixed('i', 23, 1000))} || ' ' || ${oneOf(sentences, mixed('i', 29, 1000))} || ' Biển số 36B' || ${text(mixed('i', 31, 10))} || ' ' || ${text(`10000 + ${mixed('i', 37, 90_000)}`)} || '.',
           ${oneOf(['resolved', 'resolved', 'resolved', 'resolved', 'under_review', 'new', 'unresolved', 'unfounded', 'resolved', 'resolved'], mixed('i', 41, 1000))},
           CASE WHEN ${mixed('i', 41, 1000)} % 10 IN (4, 5) THEN '' ELSE ${oneOf(sentences, mixed('i', 43, 1000))} END,
           CASE WHEN ${mixed('i', 41, 1000)} % 10 IN (4, 5) THEN NULL ELSE ${occurred('i')} + 86400000 END,
           ${occurred('i')} + 3600000, ${account('i')}, ${officer}, 1
         FROM ${series(from, to)}`,
      ],
    })),
    ...parts(size.incidents, 100_000).map(([from, to]) => ({
      name: `evidence of incidents ${from} to ${to}`,
      statements: [
        `INSERT INTO hold (id, incident_id, camera_id, from_at, to_at, state, release_reason, created_at, created_by_id, created_by_name)
         SELECT ${scattered('i + 16777216')}, ${incident('i')}, ${cameraOf('i', '0')}, ${occurred('i')}, ${occurred('i')} + 600000,
           ${holdState}, CASE WHEN i % 10 = 0 THEN 'Không cần nữa' ELSE '' END,
           ${occurred('i')} + 4000000, ${account('i')}, ${officer} FROM ${series(from, to)}`,
        `INSERT INTO tag (id, incident_id, camera_id, from_at, to_at, note, decisive, hold_id, created_at, created_by_id, created_by_name)
         SELECT ${scattered('i + 33554432')}, ${incident('i / 2')}, ${cameraOf('i / 2', 'i % 2')}, ${occurred('i / 2')}, ${occurred('i / 2')} + 20000,
           'Xe chạy qua', (i % 5 < 2), NULL, ${occurred('i / 2')} + 4000000, ${account('i')}, ${officer} FROM ${series(from * 2, to * 2)}
         WHERE i % 3 > 0`,
        `INSERT INTO clip (id, incident_id, camera_id, recorder_id, hold_id, from_at, to_at, state, progress, error_code, note, files,
           recorder_copy, created_at, created_by_id, created_by_name, finished_at, deleted_at)
         SELECT ${scattered('i + 67108864')}, ${incident('i')}, ${cameraOf('i', '0')},
           ${recorderOf}, NULL, ${occurred('i')}, ${occurred('i')} + 60000, 'done', 1, NULL, '',
           '[]', FALSE, ${occurred('i')} + 5000000, ${account('i')}, ${officer}, ${occurred('i')} + 5060000, NULL
         FROM ${series(from, to)} WHERE i % 2 = 0`,
        `INSERT INTO opening (id, account_id, session_id, incident_id, purpose, from_at, to_at, created_at, expires_at)
         SELECT ${scattered('i + 134217728')}, ${account('i')}, 'past', ${incident('i')}, '', ${occurred('i')}, ${occurred('i')} + 600000,
           ${occurred('i')} + 4500000, ${occurred('i')} + 40000000 FROM ${series(from, to)} WHERE i % 2 = 0`,
      ],
    })),
    ...parts(size.audit).map(([from, to]) => ({
      name: `audit records ${from} to ${to}`,
      statements: [
        `INSERT INTO audit_record (id, sequence, at, account_id, account_name, session_id, action, area_id, subject_type, subject_id,
           subject_name, purpose, details, address)
         SELECT ${scattered('i + 268435456')}, i + 1, ${startAtMs} + i * ${Math.floor(yearMs / size.audit)}, ${account(mixed('i', 47, size.accounts))}, ${officer}, NULL,
           ${oneOf(['footage.open', 'incident.update', 'tag.create', 'hold.create', 'clip.create', 'clip.download', 'session.sign_in', 'incident.create', 'session.sign_out', 'footage.open'], mixed('i', 53, 1000))},
           CASE WHEN i % 50 = 0 THEN NULL ELSE ${area('i * 7')} END, 'incident', ${incident(`i % ${size.incidents}`)},
           '2026/X' || ${text(`i % ${size.incidents}`)}, '', '{"after":{"state":"under_review","note":"Đã xem hình ảnh"}}', '10.0.0.' || ${text('i % 250')}
         FROM ${series(from, to)}`,
      ],
    })),
    // SQLite gets no statistics: a console does not make any either. PostgreSQL makes them by itself.
    ...(kind === 'postgres' ? [{ name: 'statistics', statements: ['VACUUM ANALYZE'] }] : []),
  ];

  /** Intervals of one camera touch; the last has no end. Written in the order of camera and time. */
  function intervalsSql(from: number, to: number): string {
    const stepMs = Math.floor((endAtMs - startAtMs) / size.intervals);
    const n = size.intervals;
    const begin = (k: string) => `${startAtMs} + (${k}) * ${stepMs} + ((${k}) * 7919 % ${Math.floor(stepMs / 2)})`;
    const k = `(i % ${n})`;
    const c = `(i / ${n})`;
    return `INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
      SELECT ${fixed('15000000', 'i')}, ${camera(c)},
        CASE WHEN ${k} % 2 = 1 THEN 'alive' ELSE 'down' END, CASE WHEN ${k} % 2 = 1 THEN 'ok' ELSE 'host_unreachable' END, '',
        ${begin(k)}, CASE WHEN ${k} = ${n - 1} THEN NULL ELSE ${begin(`${k} + 1`)} END
      FROM ${series(from * n, to * n)}`;
  }
}
