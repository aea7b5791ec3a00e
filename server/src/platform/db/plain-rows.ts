import type { EntitySchema, EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';

// Rows of a long list without the entities that TypeORM builds for each: a tenth of the time for thousands of them.

/** The columns of an entity for `select(…)`, each under the name of its property. */
export function selectedColumns<T>(entity: EntitySchema<T>, alias: string): string[] {
  return columnsOf(entity).map(([property, { name }]) => `${alias}.${name ?? property} AS "${property}"`);
}

/** A row that was selected so, with each value as the entity has it. Other columns of the row are left out. */
export function entityOf<T>(entity: EntitySchema<T>, row: Readonly<Record<string, unknown>>): T {
  const made: Record<string, unknown> = {};
  for (const [property, column] of columnsOf(entity)) made[property] = valueOf(column, row[property]);
  return made as T;
}

function valueOf({ type, transformer }: EntitySchemaColumnOptions, value: unknown): unknown {
  if (transformer !== undefined) return (transformer as ValueTransformer).from(value);
  return type === 'boolean' && typeof value === 'number' ? value !== 0 : value;
}

function columnsOf<T>(entity: EntitySchema<T>): [string, EntitySchemaColumnOptions][] {
  return Object.entries(entity.options.columns) as [string, EntitySchemaColumnOptions][];
}
