import type { Response } from 'express';
import { AppError } from '../../lib/errors.js';

interface Live {
  readonly controller: AbortController;
  readonly response: Response;
  readonly reading: boolean;
}

/**
 * Every answer that is being written, by session, so that the end of a session also ends a video that streams. A
 * mutation under way is let finish: it was allowed when it began, and its answer tells the browser what became of it.
 */
export class LiveResponses {
  private readonly bySession = new Map<string, Set<Live>>();
  private stopping = false;

  get sessionIds(): string[] {
    return [...this.bySession.keys()];
  }

  /** Aborts `controller` when the client goes away or the session ends, whichever is first. */
  track(sessionId: string | undefined, method: string, response: Response, controller: AbortController): void {
    const live: Live = { controller, response, reading: method === 'GET' || method === 'HEAD' };
    const key = sessionId ?? '';
    const set = this.bySession.get(key) ?? new Set();
    this.bySession.set(key, set.add(live));
    // It was on its way already when everything was ended.
    if (this.stopping) end(live, 'stopping');
    response.once('close', () => {
      set.delete(live);
      if (set.size === 0 && this.bySession.get(key) === set) this.bySession.delete(key);
      if (!response.writableFinished) controller.abort(new AppError('unavailable', 'client_gone', 'client went away'));
    });
  }

  endSession(sessionId: string): void {
    for (const live of this.bySession.get(sessionId) ?? []) if (live.reading) end(live, 'session_ended');
  }

  endAll(): void {
    this.stopping = true;
    for (const set of this.bySession.values()) for (const live of set) end(live, 'stopping');
  }
}

function end(live: Live, code: string): void {
  live.controller.abort(new AppError('unauthenticated', code, `the answer was ended: ${code}`));
  live.response.destroy();
}
