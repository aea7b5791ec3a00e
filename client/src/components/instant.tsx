import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import {
  formatAgo,
  formatDateTime,
  formatRelative,
  toMs,
  type Instant as InstantValue,
  type TimePrecision,
} from '../lib/time.js';
import { useNow } from '../lib/use-now.js';

/** A time in words. `relative`: how long ago with the time of day, date and time of another day; else absolute. The rest on hover. */
export function Instant({
  at,
  relative = false,
  precision = 'second',
}: {
  at: InstantValue;
  relative?: boolean;
  precision?: TimePrecision;
}) {
  const { i18n } = useTranslation();
  const nowMs = useNow();
  const absolute = formatDateTime(at, precision);
  const words = formatRelative(at, nowMs, i18n.language);
  return (
    <Tooltip label={relative ? `${formatDateTime(at)} · ${words}` : words}>
      <time dateTime={new Date(toMs(at)).toISOString()} style={{ whiteSpace: 'nowrap' }}>
        {relative ? formatAgo(at, nowMs, i18n.language) : absolute}
      </time>
    </Tooltip>
  );
}
