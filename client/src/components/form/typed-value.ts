/**
 * What a person typed into a field that can be wrong. There is no way from `wrong` to an older value: a form hands its
 * values to `submit` only when no field is wrong, and the type of those values no longer has it.
 */
export type TypedValue<T> =
  { kind: 'empty' } | { kind: 'understood'; value: T; text: string } | { kind: 'wrong'; text: string };

/** The values that a form may send: without wrong text. */
export type Submitted<Values> = { [Name in keyof Values]: Exclude<Values[Name], { kind: 'wrong' }> };

/** Whether the value of a field is text that was not understood. */
export function isWrong(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'wrong';
}
