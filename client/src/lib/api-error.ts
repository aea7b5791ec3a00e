import type { ErrorKind } from '@choi-canh/shared/errors';

export interface FieldError {
  path: string;
  message: string;
}

/** `network`: no answer at all. `bad_answer`: an answer that does not fit its schema. */
export type ApiErrorKind = ErrorKind | 'network' | 'bad_answer';

/** Whatever went wrong with a request. Shown through `errorText`, never by its English message. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly fields: readonly FieldError[];
  readonly requestId: string;

  constructor(init: {
    kind: ApiErrorKind;
    code: string;
    message: string;
    status?: number;
    details?: Record<string, unknown>;
    fields?: readonly FieldError[];
    requestId?: string;
    cause?: unknown;
  }) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'ApiError';
    this.kind = init.kind;
    this.code = init.code;
    this.status = init.status ?? 0;
    this.details = init.details ?? {};
    this.fields = init.fields ?? [];
    this.requestId = init.requestId ?? '';
  }
}

export function isApiError(error: unknown, kind?: ApiErrorKind): error is ApiError {
  return error instanceof ApiError && (kind === undefined || error.kind === kind);
}

/** What was asked for is not there, or not for this account. */
export function isMissing(error: unknown): boolean {
  return isApiError(error) && error.kind === 'not_found';
}
