import assert from 'node:assert/strict';
import { EntitySchema, Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { isAppError } from '../../lib/errors.js';
import { booleanColumn, idColumn, instantColumn, jsonColumn } from './columns.js';
import type { Database } from './database.js';

/** One promise of `Database`, to be run on every kind of it; rejects when it is broken. */
export interface ContractCase {
  name: string;
  run(): Promise<void>;
}

interface Note {
  id: string;
  at: number;
  flag: boolean;
  body: Record<string, string | number | null> | null;
}

/** The contract needs a table of its own: open the database with this entity and this migration. */
export const noteEntity = new EntitySchema<Note>({
  name: 'contract_note',
  columns: {
    id: idColumn('id', { primary: true }),
    at: instantColumn('at_ms'),
    flag: booleanColumn('flag'),
    body: jsonColumn('body', { nullable: true }),
  },
});

export class ContractNote1763769600000 implements MigrationInterface {
  readonly name = 'ContractNote1763769600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'contract_note',
        columns: [
          { name: 'id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'at_ms', type: 'bigint' },
          { name: 'flag', type: 'boolean' },
          { name: 'body', type: 'text', isNullable: true },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('contract_note');
  }
}

/** What every `Database` promises. `open` gives a database whose notes table is empty; each case closes it. */
export function databaseContract(open: () => Promise<Database>): ContractCase[] {
  const on = (name: string, check: (database: Database) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const database = await open();
      try {
        await check(database);
      } finally {
        await database.close();
      }
    },
  });

  return [
    on('a rollback, a plain write and a commit that interleave keep apart', async (database) => {
      const inside = gate();
      const proceed = gate();
      const rolledBack = database.write(async (manager) => {
        await manager.insert(noteEntity, note('rolled back'));
        inside.open();
        await proceed.opened;
        throw new Error('changed my mind');
      });
      await inside.opened;
      // Both are asked for while the first transaction is open; both report success.
      const plain = database.write((manager) => manager.insert(noteEntity, note('plain')));
      const committed = database.write(async (manager) => {
        await manager.insert(noteEntity, note('committed 1'));
        await turnOfTheLoop();
        await manager.insert(noteEntity, note('committed 2'));
      });
      const outcomes = Promise.allSettled([rolledBack, plain, committed]);
      await turnOfTheLoop();
      proceed.open();
      const [first, ...others] = await outcomes;
      assert.equal(first.status, 'rejected');
      for (const other of others) assert.equal(other.status, 'fulfilled');
      assert.deepEqual(await ids(database), ['committed 1', 'committed 2', 'plain']);
    }),

    on('many writes at once, every third failing, keep exactly the successful ones', async (database) => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) =>
          database.write(async (manager) => {
            await manager.insert(noteEntity, note(`n${String(index).padStart(2, '0')}`));
            await turnOfTheLoop();
            if (index % 3 === 0) throw new Error('no');
          }),
        ),
      );
      const kept = outcomes.flatMap((outcome, index) =>
        outcome.status === 'fulfilled' ? [`n${String(index).padStart(2, '0')}`] : [],
      );
      assert.equal(kept.length, 20);
      assert.deepEqual(await ids(database), kept);
    }),

    on('a reader sees nothing of a transaction before its commit', async (database) => {
      await database.write(async (manager) => {
        await manager.insert(noteEntity, note('a'));
        assert.deepEqual(await ids(database), []);
        assert.equal(await manager.count(noteEntity), 1);
      });
      assert.deepEqual(await ids(database), ['a']);
    }),

    on('a check and the write that relies on it are not torn apart', async (database) => {
      await Promise.all(
        Array.from({ length: 10 }, () =>
          database.write(async (manager) => {
            const next = (await manager.count(noteEntity)) + 1;
            await turnOfTheLoop();
            await manager.insert(noteEntity, note(`number ${String(next).padStart(2, '0')}`));
          }),
        ),
      );
      assert.equal(new Set(await ids(database)).size, 10);
    }),

    on('a write inside a write is refused and undoes the outer one', async (database) => {
      await assert.rejects(
        database.write(async (manager) => {
          await manager.insert(noteEntity, note('outer'));
          await database.write((inner) => inner.insert(noteEntity, note('inner')));
        }),
        (error) => isAppError(error, 'internal') && error.code === 'nested_write',
      );
      assert.deepEqual(await ids(database), []);
    }),

    on('a manager kept beyond its transaction no longer works', async (database) => {
      const kept = await database.write((manager) => Promise.resolve(manager));
      await assert.rejects(kept.insert(noteEntity, note('late')));
      assert.deepEqual(await ids(database), []);
    }),

    on('the reading side refuses to write', async (database) => {
      await assert.rejects(database.read.insert(noteEntity, note('stray')));
      assert.deepEqual(await ids(database), []);
    }),

    on('long reads see what was committed, take the same queries and refuse to write', async (database) => {
      const body = { place: 'Ngã ba chợ', speed: 2.5, nothing: null };
      for (let round = 1; round <= 5; round += 1) {
        await database.write((manager) =>
          manager.insert(noteEntity, { id: `n${round}`, at: round, flag: round === 3, body }),
        );
        assert.equal(await database.longRead.count(noteEntity), round);
      }
      assert.deepEqual(await database.longRead.findBy(noteEntity, { flag: true }), [
        { id: 'n3', at: 3, flag: true, body },
      ]);
      const several = await Promise.all(
        Array.from({ length: 12 }, (_, at) => database.longRead.countBy(noteEntity, { at: at + 1 })),
      );
      assert.deepEqual(several, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
      await assert.rejects(database.longRead.query('SELECT * FROM nothing_like_it'));
      await assert.rejects(database.longRead.insert(noteEntity, note('stray')));
      assert.equal((await ids(database)).length, 5);
    }),

    on('instants, booleans and JSON come back as they went in', async (database) => {
      const body = { place: 'Ngã ba chợ', speed: 2.5, nothing: null };
      const at = Date.UTC(2026, 10, 22, 7, 30, 0, 123);
      await database.write((manager) => manager.insert(noteEntity, { id: 'x', at, flag: true, body }));
      assert.deepEqual(await database.read.findOneBy(noteEntity, { at }), { id: 'x', at, flag: true, body });
    }),
  ];
}

function note(id: string): Note {
  return { id, at: 1, flag: false, body: null };
}

async function ids(database: Database): Promise<string[]> {
  const rows = await database.read.find(noteEntity, { order: { id: 'ASC' } });
  return rows.map((row) => row.id);
}

function gate(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
