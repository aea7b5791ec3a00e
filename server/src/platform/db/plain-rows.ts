import type { EntitySchema, EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';

// Rows of a long list without the entities that TypeORM builds for each: a tenth of the time for thousands of them.

/**
 * The columns of an entity for `select(…)`, each under the name of its property behind `prefix`; `without` some that nobody
 * asks for.
 */
export function selectedColumns<T>(
  entity: EntitySchema<T>,
  alias: string,
  without: readonly string[] = [],
  prefix = '',
): string[] {
  return columnsOf(entity)
    .filter(([property]) => !without.includes(property))
    .map(([property, { name }]) => `${alias}.${name ?? property} AS "${prefix}${property}"`);
}

/**
 * A row that was selected so, with each value as the entity has it. Other columns of the row are left out, and those
 * that were not selected are undefined.
 */
export function entityOf<T>(entity: EntitySchema<T>, row: Readonly<Record<string, unknown>>, prefix = ''): T {
  const made: Record<string, unknown> = {};
  for (const [property, column] of columnsOf(entity)) made[property] = valueOf(column, row[`${prefix}${property}`]);
  return made as T;
}

function valueOf({ type, transformer }: EntitySchemaColumnOptions, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (transformer !== undefined) return (transformer as ValueTransformer).from(value);
  return type === 'boolean' && typeof value === 'number' ? value !== 0 : value;
}

type Columns = [property: string, column: EntitySchemaColumnOptions][];
const known = new WeakMap<object, Columns>();

function columnsOf<T>(entity: EntitySchema<T>): Columns {
  const columns = known.get(entity) ?? (Object.entries(entity.options.columns) as Columns);
  known.set(entity, columns);
  return columns;
}
