import type { cameraAddResult } from '@choi-canh/shared/cameras';
import type { z } from 'zod';
import { isAppError } from '../../lib/errors.js';

type Outcome = z.infer<typeof cameraAddResult>['outcome'];

const outcomeOfCode: Record<string, Outcome> = {
  wrong_password: 'wrong_password',
  account_locked: 'account_locked',
  address_not_allowed: 'unreachable',
  not_authorized: 'wrong_password',
  no_video: 'no_video',
  not_video: 'no_video',
  no_stream: 'no_video',
  no_profile: 'no_video',
  bad_answer: 'bad_answer',
  forbidden: 'forbidden',
  tls_unusable: 'tls_unusable',
  too_many_cameras: 'recorder_full',
};

/** What a failed identification means to people; undefined where the fault is ours. */
export function addOutcomeOf(error: unknown): Outcome | undefined {
  if (!isAppError(error) || error.kind === 'internal') return undefined;
  const named = outcomeOfCode[error.code];
  if (named !== undefined) return named;
  return error.kind === 'unavailable' ? 'unreachable' : 'bad_answer';
}
