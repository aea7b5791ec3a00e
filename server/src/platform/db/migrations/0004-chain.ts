import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The signed records of recorders' chains, and what each recorder is held to. Same SQL on both databases. */
export class Chain1763769600004 implements MigrationInterface {
  readonly name = 'Chain1763769600004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE chain_record (
      id varchar(36) PRIMARY KEY,
      recorder_id varchar(36) NOT NULL,
      generation integer NOT NULL,
      sequence bigint NOT NULL,
      hash varchar(64) NOT NULL,
      at bigint NOT NULL,
      received_at bigint NOT NULL,
      kind text NOT NULL,
      key_id text NOT NULL,
      cameras integer NOT NULL,
      state text NOT NULL,
      trouble text,
      line text NOT NULL
    )`);
    await runner.query('CREATE UNIQUE INDEX chain_record_hash ON chain_record (recorder_id, hash)');
    await runner.query('CREATE INDEX chain_record_sequence ON chain_record (recorder_id, sequence)');
    await runner.query(`CREATE TABLE chain_pin (
      recorder_id varchar(36) PRIMARY KEY,
      generation integer NOT NULL,
      key_id text NOT NULL,
      public_key text NOT NULL,
      sequence bigint NOT NULL,
      hash varchar(64) NOT NULL,
      heads_hash varchar(64),
      trouble text,
      trouble_at bigint,
      trouble_sequence bigint,
      trouble_cameras text,
      trouble_count integer NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE chain_pin');
    await runner.query('DROP TABLE chain_record');
  }
}
