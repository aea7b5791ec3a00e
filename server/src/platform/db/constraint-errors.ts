import { QueryFailedError } from 'typeorm';

/** Whether a write failed because a unique index or primary key already holds that value. */
export function isUniqueViolation(error: unknown): boolean {
  const code = driverCode(error);
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** Whether a write failed because something still refers to the row, or refers to a row that is not there. */
export function isForeignKeyViolation(error: unknown): boolean {
  const code = driverCode(error);
  // SQLite checks ON DELETE RESTRICT through an internal trigger and reports it under that name.
  return (
    code === '23503' ||
    code === '23001' ||
    code === 'SQLITE_CONSTRAINT_FOREIGNKEY' ||
    code === 'SQLITE_CONSTRAINT_TRIGGER'
  );
}

function driverCode(error: unknown): string | undefined {
  return error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
}
