import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDateTime, formatRelative, toMs, type Instant as InstantValue, type TimePrecision } from '../lib/time.js';
import { useNow } from '../lib/use-now.js';

/** A time in words. `relative`: "3 phút trước", with the absolute time on hover; else absolute, with the relative one. */
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
    <Tooltip label={relative ? formatDateTime(at) : words}>
      <time dateTime={new Date(toMs(at)).toISOString()} style={{ whiteSpace: 'nowrap' }}>
        {relative ? words : absolute}
      </time>
    </Tooltip>
  );
}
