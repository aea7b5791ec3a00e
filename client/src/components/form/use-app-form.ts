import { useForm } from '@mantine/form';
import { useCallback, useEffect, useRef, useState, type ChangeEvent, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { isApiError } from '../../lib/api-error.js';
import { errorText, fieldErrors } from '../../lib/error-text.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { firstWrongField } from './first-wrong-field.js';
import { dropDraft, followForm, takeDraft } from '../../lib/form-drafts.js';
import { tooLongBy } from './too-long.js';
import { isWrong, type Submitted } from './typed-value.js';

type FieldName<Values> = keyof Values & string;
type NamesOf<Values, Value> = {
  [Name in FieldName<Values>]: Values[Name] extends Value ? Name : never;
}[FieldName<Values>];

/** The sentence of a wrong field; undefined where the field is right. */
export type FieldRules<Values> = {
  [Name in FieldName<Values>]?: (value: Values[Name], values: Values) => string | undefined;
};

export interface AppFormOptions<Values> {
  /** Values at the beginning; `dirty` compares with them. */
  initial: Values;
  /** Most characters of a text; what is longer is said while it is typed and not sent. Nothing is cut off. */
  most?: Partial<Record<NamesOf<Values, string>, number>>;
  /** What is kept of unsaved text when the session ends, until the same person opens the form again. No passwords. */
  draft?: { name: string; fields: readonly FieldName<Values>[] } | undefined;
  /** Checked on submit. Text that was not understood (`kind: 'wrong'`) is an error without any rule. */
  validate?: FieldRules<Values>;
  /** The field of this form for a code or a field name of the server's, where it is another than that name. */
  serverFields?: Partial<Record<string, FieldName<Values>>>;
}

interface FieldProps {
  error: string | undefined;
  'data-path': string;
}

export interface AppForm<Values> {
  values: Values;
  set(values: Partial<Values>): void;
  /** Props for a text input. */
  text(name: NamesOf<Values, string>): FieldProps & {
    value: string;
    onChange(event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>): void;
  };
  /** Props for a switch or a checkbox. */
  check(name: NamesOf<Values, boolean>): FieldProps & {
    checked: boolean;
    onChange(event: ChangeEvent<HTMLInputElement>): void;
  };
  /** Props for a control that takes and gives the value itself: a select, a number, a time. */
  field<Name extends FieldName<Values>>(
    name: Name,
  ): FieldProps & { value: Values[Name]; onChange(value: Values[Name]): void };
  /**
   * Handler of the form's submit event. The function runs only when no field is wrong; the first wrong field gets the
   * focus otherwise. A rejection is shown at its fields or as `error`, and what was typed stays. The form counts as
   * saved afterwards, unless the function resolves with false or has called `reset` itself.
   */
  submit(save: (values: Submitted<Values>) => Promise<unknown>): (event?: FormEvent<HTMLFormElement>) => void;
  /** Shows these values; they are unsaved where they differ from `saved`. */
  reset(values: Values, saved?: Values): void;
  /** What went wrong and has no field. */
  error: unknown;
  busy: boolean;
  /** What stands in the form was typed before the session ended. */
  restored: boolean;
  /** Something was typed that is not saved. */
  dirty: boolean;
  /** The sentence to read out when the wrong field already has the focus. */
  announcement: { text: string; count: number };
  /** Given to the form element, in which wrong fields are looked for. */
  attach(element: HTMLFormElement | null): void;
}

/** One form: its values, what is wrong with them, and the one way to send them. Rendered by `AppForm`. */
export function useAppForm<Values extends object>({
  initial,
  most = {},
  draft,
  validate = {},
  serverFields = {},
}: AppFormOptions<Values>): AppForm<Values> {
  const { t, i18n } = useTranslation();
  // Every value is set by its own name, so the paths of nested values are not used.
  const form = useForm({ mode: 'controlled', initialValues: initial as Record<string, unknown> });
  const formElement = useRef<HTMLFormElement>(null);
  const attach = useCallback((element: HTMLFormElement | null) => {
    formElement.current = element;
  }, []);
  const running = useRef(false);
  /** The function that saves has called `reset`. */
  const resetMeanwhile = useRef(false);
  /** The answer that the sentences at the fields are of; undefined while they are the form's own. */
  const answer = useRef<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [announcement, setAnnouncement] = useState({ text: '', count: 0 });
  const valuesNow = () => form.getValues() as Values;
  const put = (name: string, value: unknown) => form.setFieldValue(name, value);
  const complaintOfLength = (name: string, value: unknown) =>
    tooLongBy(t, i18n.language, value, (most as Partial<Record<string, number>>)[name]);
  const restored = useDraft(form, draft);

  const complaintsOf = (values: Values): Record<string, string> => {
    const complaints: Record<string, string> = {};
    for (const name of Object.keys(values) as FieldName<Values>[]) {
      const sentence =
        validate[name]?.(values[name], values) ??
        complaintOfLength(name, values[name]) ??
        (isWrong(values[name]) ? t('form.notUnderstood') : undefined);
      if (sentence !== undefined) complaints[name] = sentence;
    }
    return complaints;
  };

  const complain = (complaints: Record<string, string>) => {
    const names = new Set(Object.keys(complaints));
    // The sentences are on the page before the focus moves, so that they are read with the field.
    flushSync(() => form.setErrors(complaints));
    const control = firstWrongField(formElement.current ?? document, names);
    if (control === undefined || control !== document.activeElement) {
      control?.focus();
      return;
    }
    const name = control.closest<HTMLElement>('[data-path]')?.dataset['path'] ?? '';
    setAnnouncement(({ count }) => ({ text: complaints[name] ?? '', count: count + 1 }));
  };

  /** The sentences of an answer of the server, and whether it says something that belongs to no field. */
  const complaintsOfAnswer = (caught: unknown): { complaints: Record<string, string>; rest: boolean } => {
    const fields = fieldErrors(caught);
    const fieldOfCode = isApiError(caught) ? serverFields[caught.code] : undefined;
    if (fieldOfCode !== undefined) return { complaints: { [fieldOfCode]: errorText(caught) }, rest: false };
    const complaints: Record<string, string> = {};
    let rest = Object.keys(fields).length === 0;
    for (const [serverName, sentence] of Object.entries(fields)) {
      const name = serverFields[serverName] ?? serverName;
      if (name in valuesNow()) complaints[name] = sentence;
      else rest = true;
    }
    return { complaints, rest };
  };

  const show = (caught: unknown) => {
    const { complaints, rest } = complaintsOfAnswer(caught);
    answer.current = caught;
    if (rest) setError(caught);
    if (Object.keys(complaints).length > 0) complain(complaints);
  };

  // Sentences that stand on the page are said again in a language that is chosen meanwhile.
  const translate = () => {
    const wrong = Object.keys(form.errors);
    if (wrong.length === 0) return;
    const now =
      answer.current === undefined ? complaintsOf(valuesNow()) : complaintsOfAnswer(answer.current).complaints;
    form.setErrors(Object.fromEntries(wrong.map((name) => [name, now[name]])));
    setAnnouncement(({ count }) => ({ text: '', count }));
  };
  const newestTranslate = useRef(translate);
  useEffect(() => {
    newestTranslate.current = translate;
  });
  useEffect(() => newestTranslate.current(), [i18n.language]);

  const props = (name: string): FieldProps => ({
    error: form.errors[name] as string | undefined,
    'data-path': name,
  });

  return {
    values: form.values as Values,
    set: (values) => {
      for (const [name, value] of Object.entries(values)) put(name, value);
    },
    text: (name) => ({
      ...props(name),
      error: complaintOfLength(name, form.values[name]) ?? props(name).error,
      value: form.values[name] as string,
      onChange: (event) => put(name, event.currentTarget.value),
    }),
    check: (name) => ({
      ...props(name),
      checked: form.values[name] as boolean,
      onChange: (event) => put(name, event.currentTarget.checked),
    }),
    field: (name) => ({
      ...props(name),
      value: form.values[name] as Values[typeof name],
      onChange: (value) => put(name, value),
    }),
    submit: (save) => (event) => {
      event?.preventDefault();
      // A dialog is a child of the form that opened it as far as React's events go.
      event?.stopPropagation();
      if (running.current) return;
      const values = valuesNow();
      setError(undefined);
      answer.current = undefined;
      const complaints = complaintsOf(values);
      if (Object.keys(complaints).length > 0) {
        complain(complaints);
        return;
      }
      form.clearErrors();
      running.current = true;
      resetMeanwhile.current = false;
      setBusy(true);
      const run = async () => {
        try {
          const saved = await save(values as Submitted<Values>);
          // A reset has said already what is saved; it may differ from what was sent (trimmed, given a code).
          if (saved !== false && !resetMeanwhile.current) form.resetDirty(values as Record<string, unknown>);
        } catch (caught) {
          show(caught);
        } finally {
          running.current = false;
          setBusy(false);
        }
      };
      void run();
    },
    reset: (values, saved = values) => {
      resetMeanwhile.current = true;
      form.setValues(values as Record<string, unknown>);
      form.resetDirty(saved as Record<string, unknown>);
    },
    error,
    busy,
    restored,
    dirty: form.isDirty(),
    announcement,
    attach,
  };
}

/** Puts what was typed before the session ended into the form, and says what would be lost if it ended now. */
function useDraft(
  form: ReturnType<typeof useForm>,
  draft: { name: string; fields: readonly string[] } | undefined,
): boolean {
  const accountId = useSession().account?.id;
  const [restored, setRestored] = useState(false);
  const newest = useRef({ form, fields: draft?.fields ?? [] });
  useEffect(() => {
    newest.current = { form, fields: draft?.fields ?? [] };
  });
  const name = draft?.name;
  useEffect(() => {
    if (name === undefined || accountId === undefined) return;
    const page = window.location.pathname;
    const kept = takeDraft({ accountId, page, name }, serverNowMs());
    const { form: now, fields } = newest.current;
    const known = fields.filter((field) => kept?.[field] !== undefined && field in now.getValues());
    if (known.length > 0) {
      dropDraft({ page, name }, serverNowMs());
      for (const field of known) now.setFieldValue(field, kept?.[field]);
      setRestored(true);
    }
    return followForm(name, () => {
      const { form: last, fields: all } = newest.current;
      const values = last.getValues();
      const dirty = all.filter((field) => last.isDirty(field));
      return dirty.length === 0 ? undefined : Object.fromEntries(dirty.map((field) => [field, values[field]]));
    });
  }, [accountId, name]);
  return restored && form.isDirty();
}
