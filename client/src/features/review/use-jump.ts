import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from '../../lib/error-text.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDateTime, formatTime } from '../../lib/time.js';
import { Jumper, type JumpContext, type JumpNews } from './jumper.js';
import { oldestTime } from './oldest-time.js';
import type { OpeningWindow } from './opening-window.js';

function sentenceOf(t: TFunction<'review'>, news: JumpNews): string | undefined {
  if (news === undefined) return undefined;
  if (news.code === 'failed') return t('jump.failed', { reason: errorText(news.error) });
  if (news.code === 'opening') {
    const { fromMs, toMs } = news.window;
    return t('jump.opening', { from: formatDateTime(fromMs, 'minute'), to: formatTime(toMs, 'minute') });
  }
  const oldest = news.oldestMs === undefined ? '' : oldestTime(news.oldestMs);
  return t(`jump.${news.code}`, { at: formatDateTime(news.atMs), oldest });
}

/** Jumps of a review, inside of its window and out of it. */
export function useJump({
  onNotice,
  ...rest
}: Omit<JumpContext, 'nowMs' | 'onNews'> & { onNotice(sentence: string | undefined): void }) {
  const { t } = useTranslation('review');
  const [jumper] = useState(() => new Jumper());
  const context: JumpContext = { ...rest, nowMs: serverNowMs, onNews: (news) => onNotice(sentenceOf(t, news)) };
  return {
    jumpTo: (atMs: number) => jumper.jumpTo(context, atMs),
    openWindow: (window: OpeningWindow) => jumper.openWindow(context, window),
  };
}
