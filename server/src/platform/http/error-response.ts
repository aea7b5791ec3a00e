import { httpStatusOfKind, type ErrorResponse } from '@choi-canh/shared/errors';
import { z } from 'zod';
import { AppError, errorMessage } from '../../lib/errors.js';

const MAX_FIELDS = 50;

export interface ErrorAnswer {
  status: number;
  body: ErrorResponse;
  /** Seconds for Retry-After. */
  retryAfterSeconds: number | undefined;
}

/** The one map from whatever was thrown to the answer. Unknown errors tell the client nothing but the request id. */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer {
  const known = toAppError(error);
  const fields = known.details['fields'] as ErrorResponse['error']['fields'];
  const { fields: _, ...details } = known.details;
  const retryAfter = known.details['retryAfterSeconds'];
  return {
    status: httpStatusOfKind[known.kind],
    body: {
      error: {
        kind: known.kind,
        code: known.code,
        message: known.kind === 'internal' ? 'internal error' : known.message,
        details: known.kind === 'internal' ? {} : details,
        ...(fields === undefined ? {} : { fields }),
        requestId,
      },
    },
    retryAfterSeconds: typeof retryAfter === 'number' ? retryAfter : undefined,
  };
}

/** 400 with each wrong field and a sentence. */
export function invalidInput(error: z.ZodError): AppError {
  const fields = error.issues.slice(0, MAX_FIELDS).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const summary = fields.map((field) => (field.path === '' ? field.message : `${field.path}: ${field.message}`));
  return new AppError('invalid', 'invalid_input', summary.join('; '), { details: { fields } });
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) return new AppError('internal', 'internal', error.message, { cause: error });
  // An address that is not valid percent-encoding names nothing.
  if (error instanceof URIError) return new AppError('not_found', 'not_found', 'there is nothing of that name');
  const { status, type, limit } = error as { status?: unknown; type?: unknown; limit?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new AppError('invalid', 'bad_json', 'the body is not valid JSON');
    case 'entity.too.large':
      return new AppError('invalid', 'body_too_large', `the body is larger than ${String(limit)} bytes`);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new AppError('invalid', 'not_json', 'the body must be JSON in UTF-8');
  }
  // express and its parsers mark the client's own mistakes with a 4xx status.
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new AppError('invalid', 'bad_request', errorMessage(error));
  }
  return new AppError('internal', 'internal', errorMessage(error), { cause: error });
}
