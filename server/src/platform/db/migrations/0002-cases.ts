import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recorders, cameras and their states, openings of footage, incidents with their evidence. Same SQL on both databases. */
export class Cases1763769600002 implements MigrationInterface {
  readonly name = 'Cases1763769600002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    for (const [index, [code, vi, en]] of categories.entries()) {
      const values = [code, vi, en].map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
      await runner.query(`INSERT INTO incident_category (code, vi, en, position) VALUES (${values}, ${index})`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW camera_in_use');
    for (const table of tables) await runner.query(`DROP TABLE ${table}`);
  }
}

const tables = [
  'clip',
  'hold',
  'tag',
  'incident_counter',
  'incident',
  'incident_category',
  'opening_camera',
  'opening',
  'camera_state_interval',
  'camera',
  'recorder',
];

const categories: readonly (readonly [code: string, vi: string, en: string])[] = [
  ['residential_conflict', 'Mâu thuẫn tại khu dân cư', 'Residential conflict'],
  ['traffic_accident', 'Tai nạn giao thông', 'Traffic accident'],
  ['traffic_order', 'Vi phạm trật tự an toàn giao thông', 'Traffic-order violation'],
  ['theft', 'Trộm cắp tài sản', 'Theft'],
  ['drug_crime', 'Tội phạm ma túy', 'Drug crime'],
  ['public_order', 'Gây rối trật tự công cộng', 'Public disorder'],
  ['fire', 'Cháy, nổ', 'Fire or explosion'],
  ['missing_person', 'Tìm người, vật thất lạc', 'Missing person or property'],
  ['other', 'Khác', 'Other'],
];

const statements = [
  `CREATE TABLE recorder (
    id varchar(36) PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    token_box text NOT NULL,
    embedded boolean NOT NULL,
    last_sequence bigint NOT NULL,
    desired_revision integer NOT NULL,
    last_seen_at bigint,
    created_at bigint NOT NULL
  )`,
  `CREATE TABLE camera (
    id varchar(36) PRIMARY KEY,
    area_id varchar(36) NOT NULL REFERENCES area (id),
    recorder_id varchar(36) NOT NULL REFERENCES recorder (id),
    name text NOT NULL,
    place text NOT NULL,
    lat double precision,
    lon double precision,
    device_address text NOT NULL,
    endpoint_reference text NOT NULL,
    manufacturer text NOT NULL,
    model text NOT NULL,
    serial_number text NOT NULL,
    firmware_version text NOT NULL,
    username text NOT NULL,
    password_box text NOT NULL,
    enabled boolean NOT NULL,
    retention_days integer NOT NULL,
    main_stream text,
    sub_stream text,
    created_at bigint NOT NULL,
    deleted_at bigint
  )`,
  `CREATE UNIQUE INDEX camera_device ON camera (recorder_id, device_address) WHERE deleted_at IS NULL`,
  `CREATE INDEX camera_area ON camera (area_id)`,
  `CREATE VIEW camera_in_use AS SELECT id, area_id, recorder_id FROM camera WHERE deleted_at IS NULL`,
  `CREATE TABLE camera_state_interval (
    id varchar(36) PRIMARY KEY,
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    state text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    since_at bigint NOT NULL,
    to_at bigint
  )`,
  `CREATE UNIQUE INDEX camera_state_open ON camera_state_interval (camera_id) WHERE to_at IS NULL`,
  `CREATE INDEX camera_state_time ON camera_state_interval (camera_id, since_at)`,
  `CREATE TABLE opening (
    id varchar(36) PRIMARY KEY,
    account_id varchar(36) NOT NULL,
    session_id text NOT NULL,
    incident_id varchar(36),
    purpose text NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
  )`,
  `CREATE INDEX opening_expiry ON opening (expires_at)`,
  `CREATE TABLE opening_camera (
    opening_id varchar(36) NOT NULL REFERENCES opening (id) ON DELETE CASCADE,
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    PRIMARY KEY (opening_id, camera_id)
  )`,
  `CREATE TABLE incident_category (
    code text PRIMARY KEY,
    vi text NOT NULL,
    en text NOT NULL,
    position integer NOT NULL
  )`,
  `CREATE TABLE incident (
    id varchar(36) PRIMARY KEY,
    number text NOT NULL,
    area_id varchar(36) NOT NULL REFERENCES area (id),
    title text NOT NULL,
    occurred_at bigint NOT NULL,
    place text NOT NULL,
    category text NOT NULL REFERENCES incident_category (code),
    source text NOT NULL,
    description text NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL,
    closed_at bigint,
    search_text text NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36) NOT NULL,
    created_by_name text NOT NULL,
    version integer NOT NULL
  )`,
  `CREATE UNIQUE INDEX incident_number ON incident (number)`,
  `CREATE INDEX incident_time ON incident (occurred_at, id)`,
  `CREATE INDEX incident_area ON incident (area_id, occurred_at)`,
  `CREATE TABLE incident_counter (
    year integer NOT NULL,
    code text NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (year, code)
  )`,
  `CREATE TABLE tag (
    id varchar(36) PRIMARY KEY,
    incident_id varchar(36) NOT NULL REFERENCES incident (id),
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    note text NOT NULL,
    decisive boolean NOT NULL,
    hold_id varchar(36),
    created_at bigint NOT NULL,
    created_by_id varchar(36) NOT NULL,
    created_by_name text NOT NULL
  )`,
  `CREATE INDEX tag_incident ON tag (incident_id)`,
  `CREATE TABLE hold (
    id varchar(36) PRIMARY KEY,
    incident_id varchar(36) NOT NULL REFERENCES incident (id),
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    state text NOT NULL,
    release_reason text NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36) NOT NULL,
    created_by_name text NOT NULL
  )`,
  `CREATE INDEX hold_incident ON hold (incident_id)`,
  `CREATE INDEX hold_camera ON hold (camera_id, state)`,
  `CREATE TABLE clip (
    id varchar(36) PRIMARY KEY,
    incident_id varchar(36) NOT NULL REFERENCES incident (id),
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    recorder_id varchar(36) NOT NULL REFERENCES recorder (id),
    hold_id varchar(36),
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    state text NOT NULL,
    progress double precision NOT NULL,
    error_code text,
    note text NOT NULL,
    files text NOT NULL,
    recorder_copy boolean NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36) NOT NULL,
    created_by_name text NOT NULL,
    finished_at bigint,
    deleted_at bigint
  )`,
  `CREATE INDEX clip_incident ON clip (incident_id)`,
  `CREATE INDEX clip_work ON clip (state)`,
];
