/** The fields of `draft` that are others than in `seen`: only they are sent, so that nobody writes back what is old. */
export function changedFields<T extends object>(seen: T, draft: T): Partial<T> {
  const names = Object.keys(draft) as (keyof T)[];
  return Object.fromEntries(
    names.filter((name) => draft[name] !== seen[name]).map((name) => [name, draft[name]]),
  ) as Partial<T>;
}

/** Whether somebody else has changed one of the fields that are about to be written, to something else. */
export function isOvertaken<T extends object>(seen: T, draft: T, newest: T): boolean {
  const names = Object.keys(changedFields(seen, draft)) as (keyof T)[];
  return names.some((name) => newest[name] !== seen[name] && newest[name] !== draft[name]);
}
