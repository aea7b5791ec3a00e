import { lockedFailure, type IngestFailure } from '../ingest-failure.js';
import type { RtspResponse } from './rtsp-message.js';

/** A refusal that says, behind its status, in a header or in its body, that the account is locked. */
export function lockedFailureOf({ status, phrase, headers, body }: RtspResponse): IngestFailure | undefined {
  if (status < 400) return undefined;
  // A header of its own is said in words: `x-reason: user locked`.
  const lines = [...headers].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
  return lockedFailure([phrase, ...lines, body].join('\n'));
}
