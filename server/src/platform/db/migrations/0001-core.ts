import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** Areas, people, their sessions, and the audit trail, which the database itself keeps append-only. */
export class Core1763769600001 implements MigrationInterface {
  readonly name = 'Core1763769600001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'area',
        columns: [
          id('id', { isPrimary: true }),
          id('parent_id', { isNullable: true }),
          text('name'),
          text('level'),
          text('code'),
          text('path'),
          { name: 'centre_lat', type: 'double precision', isNullable: true },
          { name: 'centre_lon', type: 'double precision', isNullable: true },
          instant('created_at'),
        ],
        foreignKeys: [
          {
            name: 'fk_area_parent',
            columnNames: ['parent_id'],
            referencedTableName: 'area',
            referencedColumnNames: ['id'],
          },
        ],
        indices: [
          { name: 'ix_area_parent', columnNames: ['parent_id'] },
          { name: 'ux_area_path', columnNames: ['path'], isUnique: true },
          { name: 'ux_area_code', columnNames: ['code'], isUnique: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'account',
        columns: [
          id('id', { isPrimary: true }),
          text('username'),
          text('display_name'),
          text('role'),
          id('area_id', { isNullable: true }),
          text('locale'),
          { name: 'enabled', type: 'boolean' },
          text('password_hash'),
          instant('created_at'),
          instant('last_sign_in_at', { isNullable: true }),
        ],
        foreignKeys: [
          {
            name: 'fk_account_area',
            columnNames: ['area_id'],
            referencedTableName: 'area',
            referencedColumnNames: ['id'],
          },
        ],
        indices: [
          { name: 'ux_account_username', columnNames: ['username'], isUnique: true },
          { name: 'ix_account_area', columnNames: ['area_id'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'session',
        columns: [
          id('id', { isPrimary: true }),
          text('token_hash'),
          id('account_id'),
          instant('created_at'),
          instant('expires_at'),
          text('address'),
          text('user_agent'),
        ],
        foreignKeys: [
          {
            name: 'fk_session_account',
            columnNames: ['account_id'],
            referencedTableName: 'account',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
        indices: [
          { name: 'ux_session_token', columnNames: ['token_hash'], isUnique: true },
          { name: 'ix_session_account', columnNames: ['account_id'] },
          { name: 'ix_session_expires', columnNames: ['expires_at'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({ name: 'setup_token', columns: [text('token_hash', { isPrimary: true }), instant('created_at')] }),
    );
    await runner.createTable(
      new Table({
        name: 'sign_in_throttle',
        columns: [
          text('key', { isPrimary: true }),
          { name: 'failures', type: 'integer' },
          instant('last_attempt_at'),
          instant('blocked_until'),
          instant('last_success_at', { isNullable: true }),
        ],
        indices: [{ name: 'ix_sign_in_throttle_attempt', columnNames: ['last_attempt_at'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'audit_record',
        columns: [
          id('id', { isPrimary: true }),
          { name: 'sequence', type: 'bigint' },
          instant('at'),
          // No foreign keys: a record outlives what it tells of.
          id('account_id', { isNullable: true }),
          text('account_name'),
          id('session_id', { isNullable: true }),
          text('action'),
          id('area_id', { isNullable: true }),
          text('subject_type'),
          text('subject_id', { isNullable: true }),
          text('subject_name'),
          text('purpose'),
          text('details'),
          text('address'),
        ],
        indices: [
          { name: 'ux_audit_record_sequence', columnNames: ['sequence'], isUnique: true },
          { name: 'ix_audit_record_at', columnNames: ['at'] },
          { name: 'ix_audit_record_account', columnNames: ['account_id', 'sequence'] },
          { name: 'ix_audit_record_subject', columnNames: ['subject_id', 'sequence'] },
          { name: 'ix_audit_record_area', columnNames: ['area_id', 'sequence'] },
        ],
      }),
    );
    await keepAppendOnly(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['audit_record', 'sign_in_throttle', 'setup_token', 'session', 'account', 'area']) {
      await runner.dropTable(table);
    }
    if (runner.dataSource.options.type === 'postgres') await runner.query('DROP FUNCTION audit_record_refuse()');
  }
}

async function keepAppendOnly(runner: QueryRunner): Promise<void> {
  if (runner.dataSource.options.type === 'postgres') {
    await runner.query(
      `CREATE FUNCTION audit_record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'audit records are append-only'; END $$`,
    );
    await runner.query(
      `CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
       FOR EACH STATEMENT EXECUTE FUNCTION audit_record_refuse()`,
    );
    return;
  }
  for (const verb of ['UPDATE', 'DELETE']) {
    await runner.query(
      `CREATE TRIGGER audit_record_no_${verb.toLowerCase()} BEFORE ${verb} ON audit_record
       BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END`,
    );
  }
}

type Extra = Partial<TableColumnOptions>;

function id(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'varchar', length: '36', ...extra };
}
function text(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'text', ...extra };
}
function instant(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'bigint', ...extra };
}
