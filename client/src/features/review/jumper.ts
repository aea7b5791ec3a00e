import type { CameraCoverage } from '@choi-canh/shared/footage';
import type { AddressChange } from './address-writer.js';
import { cannotShow, type CannotShow } from './cannot-show.js';
import { windowShowing, type OpeningWindow } from './opening-window.js';
import type { WallClock } from './wall-clock.js';

/** What there is to be said of a jump; the sentences are `review:jump.<code>`. */
export type JumpNews =
  | { code: 'opening'; window: OpeningWindow }
  | { code: 'failed'; error: unknown }
  | (CannotShow & { atMs: number })
  | undefined;

export interface JumpContext {
  clock: WallClock;
  window: OpeningWindow;
  coverages: readonly CameraCoverage[];
  nowMs(): number;
  /** Opens a window beforehand, so that the view changes at once when it is there. Rejects where it cannot be opened. */
  onOpenAhead(window: OpeningWindow): Promise<unknown>;
  onAddress(change: AddressChange): void;
  onNews(news: JumpNews): void;
}

/**
 * Goes to an instant. One outside of the window is opened first: until then, and where it cannot be, the clock stays
 * where it is, and what is said tells why. A later wish takes the place of one that is under way.
 */
export class Jumper {
  #wish = 0;

  /** @returns whether the clock went there */
  async jumpTo(context: JumpContext, atMs: number): Promise<boolean> {
    const nowMs = context.nowMs();
    const refusal = cannotShow(context.coverages, atMs, nowMs);
    if (refusal !== undefined) {
      context.onNews({ ...refusal, atMs });
      return false;
    }
    const window = windowShowing(context.window, atMs, nowMs);
    if (window.fromMs !== context.window.fromMs || window.toMs !== context.window.toMs) {
      return this.#openThen(context, window, { atMs, window });
    }
    this.#wish += 1;
    context.onNews(undefined);
    context.clock.seek(atMs);
    return true;
  }

  /** Shows another window, with the clock where it is. @returns whether it is open */
  openWindow(context: JumpContext, window: OpeningWindow): Promise<boolean> {
    return this.#openThen(context, window, { window });
  }

  async #openThen(context: JumpContext, window: OpeningWindow, change: AddressChange): Promise<boolean> {
    this.#wish += 1;
    const own = this.#wish;
    context.onNews({ code: 'opening', window });
    try {
      await context.onOpenAhead(window);
    } catch (error) {
      if (own === this.#wish) context.onNews({ code: 'failed', error });
      return false;
    }
    if (own !== this.#wish) return false;
    context.onNews(undefined);
    context.onAddress(change);
    return true;
  }
}
