import type { EntitySchemaColumnOptions } from 'typeorm';

type Extra = Omit<EntitySchemaColumnOptions, 'type' | 'name' | 'transformer'>;

/** UUID text made by us; 36 characters on both databases. */
export function idColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'varchar', length: 36, name, ...extra };
}

export function textColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'text', name, ...extra };
}

/**
 * Text that is one of `values`. What another version of the product stored is read as `fallback`, so that one such row does
 * not take its whole list down; it stays in the table as it is.
 */
export function choiceColumn<T extends string>(
  name: string,
  values: readonly T[],
  fallback: T,
  extra: Extra = {},
): EntitySchemaColumnOptions {
  const known: ReadonlySet<unknown> = new Set(values);
  const transformer = {
    to: (value: unknown) => value,
    from: (value: unknown) => (value === null || value === undefined || known.has(value) ? value : fallback),
  };
  return { type: 'text', name, transformer, ...extra };
}

export function integerColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'integer', name, ...extra };
}

/** 64-bit float on both databases. */
export function realColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'double precision', name, ...extra };
}

export function booleanColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'boolean', name, ...extra };
}

/** A whole number beyond 32 bits, e.g. bytes; a JavaScript number up to 2^53. PostgreSQL's driver may answer text. */
export function bigintColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'bigint', name, transformer: numberTransformer, ...extra };
}

/** An instant: integer milliseconds since the Unix epoch, UTC. Fractions are cut. */
export function instantColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return bigintColumn(name, extra);
}

/** Any JSON value, kept as text so that both databases store the same thing. */
export function jsonColumn(name: string, extra: Extra = {}): EntitySchemaColumnOptions {
  return { type: 'text', name, transformer: jsonTransformer, ...extra };
}

const numberTransformer = {
  // Find operators (LessThan …) and undefined pass through untouched.
  to: (value: unknown) => (typeof value === 'number' ? Math.trunc(value) : value),
  from: (value: unknown) => (value === null || value === undefined ? value : Number(value)),
};

const jsonTransformer = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from: (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value),
};
