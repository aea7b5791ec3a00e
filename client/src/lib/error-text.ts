import i18next from 'i18next';
import { isApiError, type FieldError } from './api-error.js';

/** The sentence for people, in their language: `errors:<code>`, else one for its kind. */
export function errorText(error: unknown): string {
  if (!isApiError(error)) return i18next.t('errors:unexpected');
  const key = `errors:${error.code}`;
  if (error.code !== '' && i18next.exists(key)) return i18next.t(key, { ...error.details });
  return i18next.t(`errors:${error.kind}`, { ...error.details });
}

/** What a technician may need: code and request number; empty where there is neither. */
export function errorCause(error: unknown): string {
  if (!isApiError(error)) return error instanceof Error ? error.message : '';
  return [error.code, error.requestId].filter((part) => part !== '').join(' · ');
}

function fieldText(field: FieldError): string {
  const name =
    field.path
      .split('.')
      .filter((part) => !/^\d+$/.test(part) && part !== 'body')
      .at(-1) ?? '';
  const key = `errors:fields.${name}`;
  return i18next.exists(key) ? i18next.t(key) : i18next.t('errors:fields.other');
}

/** Sentences for the fields of a form from a 400 answer; `{}` for any other error. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!isApiError(error)) return {};
  // A code of its own says more than the name of the field: "the current password is wrong".
  const own = error.code !== 'invalid_input' && i18next.exists(`errors:${error.code}`);
  return Object.fromEntries(
    error.fields.map((field) => [
      field.path.replace(/^body\./, '').split('.')[0] ?? '',
      own ? errorText(error) : fieldText(field),
    ]),
  );
}
