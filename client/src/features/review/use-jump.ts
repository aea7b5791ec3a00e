import type { CameraCoverage } from '@choi-canh/shared/footage';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from '../../lib/error-text.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDateTime, formatTime } from '../../lib/time.js';
import type { AddressChange } from './address-writer.js';
import { cannotShow } from './cannot-show.js';
import { windowShowing, type OpeningWindow } from './opening-window.js';
import type { WallClock } from './wall-clock.js';

export interface JumpContext {
  clock: WallClock;
  window: OpeningWindow;
  coverages: readonly CameraCoverage[];
  /** Opens a window beforehand, so that the view changes at once when it is there. Rejects where it cannot be opened. */
  onOpenAhead(window: OpeningWindow): Promise<unknown>;
  onAddress(change: AddressChange): void;
  onNotice(sentence: string | undefined): void;
}

/**
 * Goes to an instant. One outside of the window is opened first: until then, and where it cannot be, the clock stays
 * where it is, and a sentence says why.
 */
export function useJump(context: JumpContext) {
  const { t } = useTranslation('review');
  const newest = useRef(0);

  /** @returns whether the clock went there, or the window is open */
  async function openThen(window: OpeningWindow, change: AddressChange): Promise<boolean> {
    newest.current += 1;
    const own = newest.current;
    const range = { from: formatDateTime(window.fromMs, 'minute'), to: formatTime(window.toMs, 'minute') };
    context.onNotice(t('jump.opening', range));
    try {
      await context.onOpenAhead(window);
    } catch (error) {
      if (own === newest.current) context.onNotice(t('jump.failed', { reason: errorText(error) }));
      return false;
    }
    // A later wish has taken its place.
    if (own !== newest.current) return false;
    context.onNotice(undefined);
    context.onAddress(change);
    return true;
  }

  return {
    async jumpTo(atMs: number): Promise<boolean> {
      const nowMs = serverNowMs();
      const refusal = cannotShow(context.coverages, atMs, nowMs);
      if (refusal !== undefined) {
        const oldest = refusal.oldestMs === undefined ? '' : formatDateTime(refusal.oldestMs, 'minute');
        context.onNotice(t(`jump.${refusal.code}`, { at: formatDateTime(atMs), oldest }));
        return false;
      }
      const window = windowShowing(context.window, atMs, nowMs);
      if (window.fromMs !== context.window.fromMs || window.toMs !== context.window.toMs) {
        return openThen(window, { atMs, window });
      }
      newest.current += 1;
      context.onNotice(undefined);
      context.clock.seek(atMs);
      return true;
    },
    openWindow: (window: OpeningWindow) => openThen(window, { window }),
  };
}
