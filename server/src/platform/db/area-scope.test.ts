import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AreaScope } from '../../lib/actor.js';
import { silentLogger } from '../../lib/logger.js';
import { inScope, scopeCovers, withinArea, type WherePiece } from './area-scope.js';
import type { Database } from './database.js';
import { Core1763769600001 } from './migrations/0001-core.js';
import { openDatabase } from './open-database.js';

const paths = ['/p/', '/p/d/', '/p/d/c1/', '/p/d_x/', '/P/', '/p/d%/'];

let folder: string;
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-scope-'));
  database = await openDatabase({
    sqlitePath: join(folder, 'x.sqlite'),
    entities: [],
    migrations: [Core1763769600001],
    logger: silentLogger,
  });
  await database.write(async (manager) => {
    for (const path of paths) {
      await manager.query(
        `INSERT INTO area (id, parent_id, name, level, code, path, created_at) VALUES (?, NULL, ?, 'other', ?, ?, 0)`,
        [path.split('/').at(-2), path, path, path],
      );
    }
  });
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

async function select(...pieces: WherePiece[]): Promise<string[]> {
  const query = database.read.createQueryBuilder().select('area.path', 'path').from('area', 'area').where('1 = 1');
  for (const piece of pieces) query.andWhere(piece.sql, piece.parameters);
  return (await query.orderBy('area.path').getRawMany<{ path: string }>()).map((row) => row.path);
}

describe('inScope', () => {
  it.each<[string, AreaScope, string[]]>([
    ['everything', { areaId: null, path: null }, [...paths].sort()],
    [
      'a province, not one that differs in case',
      { areaId: 'p', path: '/p/' },
      paths.filter((p) => p.startsWith('/p/')).sort(),
    ],
    ['a district, not one with a longer name', { areaId: 'd', path: '/p/d/' }, ['/p/d/', '/p/d/c1/']],
    ['wildcards of LIKE mean themselves', { areaId: 'd%', path: '/p/d%/' }, ['/p/d%/']],
    ['an area that lost its path', { areaId: 'x', path: null }, []],
    ['an empty path', { areaId: 'x', path: '' }, []],
    ['a path that tries to be SQL', { areaId: `x') OR ('1'='1`, path: `') OR ('1'='1` }, []],
  ])('covers %s', async (_name, scope, expected) => {
    expect(await select(inScope(scope, 'area.id'))).toEqual(expected);
    expect(paths.filter((path) => scopeCovers(scope, path)).sort()).toEqual(expected);
  });

  it('takes columns, not expressions', () => {
    for (const column of ['area.id) OR (1=1', '', 'a.b.c', '1', 'area."id"']) {
      expect(() => inScope({ areaId: null, path: null }, column)).toThrow();
    }
  });

  it('combines with another area in one query', async () => {
    const scope = inScope({ areaId: 'd', path: '/p/d/' }, 'area.id');
    expect(await select(scope, withinArea('p', 'area.id'))).toEqual(['/p/d/', '/p/d/c1/']);
    expect(await select(scope, withinArea('c1', 'area.id'))).toEqual(['/p/d/c1/']);
    expect(await select(scope, withinArea('d_x', 'area.id'))).toEqual([]);
    expect(await select(scope, inScope({ areaId: 'p', path: '/p/' }, 'area.id'))).toEqual(['/p/d/', '/p/d/c1/']);
    expect(await select(withinArea('nowhere', 'area.id'))).toEqual([]);
  });
});
