/**
 * What was typed and not saved when a session ended. Kept in this tab alone, for the same account, page and form, until
 * the form is opened again after signing in. Only the fields that a form names: never a password.
 */

/** What a form that is open would lose; undefined while all of it is saved. */
type Unsaved = () => Readonly<Record<string, unknown>> | undefined;

const storageKey = 'choi-canh.drafts';
const keptForMs = 12 * 3600_000;
const mostChars = 200_000;
const open = new Map<symbol, { name: string; unsaved: Unsaved }>();

interface KeptDraft {
  accountId: string;
  page: string;
  name: string;
  keptAtMs: number;
  values: Record<string, unknown>;
}

/** A form is open; returns the function that says it is not any more. */
export function followForm(name: string, unsaved: Unsaved): () => void {
  const key = Symbol(name);
  open.set(key, { name, unsaved });
  return () => void open.delete(key);
}

/** The session of this account has ended without the person's doing. */
export function keepDrafts(accountId: string, page: string, nowMs: number, storage: Storage = sessionStorage): void {
  const drafts = read(storage, nowMs).filter((draft) => draft.accountId === accountId);
  for (const { name, unsaved } of open.values()) {
    const values = unsaved();
    if (values === undefined || Object.keys(values).length === 0) continue;
    const others = drafts.filter((draft) => draft.page !== page || draft.name !== name);
    drafts.splice(0, drafts.length, ...others, { accountId, page, name, keptAtMs: nowMs, values });
  }
  write(storage, drafts);
}

/** What was typed into this form by this account, once. */
export function takeDraft(
  { accountId, page, name }: { accountId: string; page: string; name: string },
  nowMs: number,
  storage: Storage = sessionStorage,
): Record<string, unknown> | undefined {
  return read(storage, nowMs).find(
    (draft) => draft.accountId === accountId && draft.page === page && draft.name === name,
  )?.values;
}

/** What was typed into this form is on the page again, or was thrown away. */
export function dropDraft(
  { page, name }: { page: string; name: string },
  nowMs: number,
  storage: Storage = sessionStorage,
): void {
  const drafts = read(storage, nowMs);
  const left = drafts.filter((draft) => draft.page !== page || draft.name !== name);
  if (left.length < drafts.length) write(storage, left);
}

/** Somebody signed out on purpose. */
export function dropDrafts(storage: Storage = sessionStorage): void {
  write(storage, []);
}

function read(storage: Storage, nowMs: number): KeptDraft[] {
  try {
    const parsed = JSON.parse(storage.getItem(storageKey) ?? '[]') as unknown;
    return Array.isArray(parsed) ? parsed.filter((one) => isKept(one) && nowMs - one.keptAtMs < keptForMs) : [];
  } catch {
    return []; // storage forbidden by the browser's settings, or not ours
  }
}

function isKept(one: unknown): one is KeptDraft {
  if (typeof one !== 'object' || one === null) return false;
  const { accountId, page, name, keptAtMs, values } = one as Partial<Record<keyof KeptDraft, unknown>>;
  const texts = [accountId, page, name].every((text) => typeof text === 'string');
  return texts && typeof keptAtMs === 'number' && typeof values === 'object' && values !== null;
}

function write(storage: Storage, drafts: readonly KeptDraft[]): void {
  try {
    const text = JSON.stringify(drafts);
    if (drafts.length === 0 || text.length > mostChars) storage.removeItem(storageKey);
    else storage.setItem(storageKey, text);
  } catch {
    // Storage forbidden or full: what was typed is lost with the page.
  }
}
