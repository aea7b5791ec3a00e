import { AppError } from '../../lib/errors.js';
import type { AreaScope } from '../../lib/actor.js';

/** A piece of a WHERE clause for `queryBuilder.andWhere(piece.sql, piece.parameters)`. */
export interface WherePiece {
  readonly sql: string;
  readonly parameters: Record<string, unknown>;
}

/**
 * Limits a query to what a scope covers: `column` (an `alias.property` or `alias.column` that holds an area id) must
 * name an area at or below the scope's. Written as a prefix comparison and not as LIKE, which would treat `_` and `%`
 * of a path as wildcards and folds case on SQLite.
 */
export function inScope(scope: AreaScope, column: string): WherePiece {
  const name = checkedColumn(column);
  if (scope.areaId === null) return { sql: '1 = 1', parameters: {} };
  const mark = parameterMark(scope.areaId);
  return {
    sql: `${name} IN (SELECT scoped.id FROM area scoped WHERE substr(scoped.path, 1, :scopeLength${mark}) = :scopePath${mark})`,
    parameters: { [`scopeLength${mark}`]: scopePath(scope).length, [`scopePath${mark}`]: scopePath(scope) },
  };
}

/** Limits a query to one area and everything below it, whatever the caller's scope; combine it with `inScope`. */
export function withinArea(areaId: string, column: string): WherePiece {
  const name = checkedColumn(column);
  const mark = parameterMark(areaId);
  return {
    sql:
      `${name} IN (SELECT below.id FROM area below JOIN area top ON substr(below.path, 1, length(top.path)) = top.path` +
      ` WHERE top.id = :topArea${mark})`,
    parameters: { [`topArea${mark}`]: areaId },
  };
}

/** Whether an area with this materialised path lies in the scope. */
export function scopeCovers(scope: AreaScope, path: string): boolean {
  return scope.areaId === null || path.startsWith(scopePath(scope));
}

/** A scope that names an area but has lost its path covers nothing (paths begin with a slash), never everything. */
function scopePath(scope: AreaScope): string {
  return scope.path === null || scope.path === '' ? 'nowhere' : scope.path;
}

function checkedColumn(column: string): string {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(column)) {
    throw new AppError('internal', 'bad_column', 'a column name is a word or alias.word');
  }
  return column;
}

/** Two scopes in one query must not share a parameter name. */
function parameterMark(areaId: string): string {
  return areaId.replace(/\W/g, '');
}
