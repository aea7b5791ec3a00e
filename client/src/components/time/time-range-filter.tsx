import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { endOfTypedDay, rangeOf, type MsRange, type RangeEnd, type TypedRange } from '../../lib/typed-range.js';
import { formatKind, msOf, typedTime, type TypedTime } from '../../lib/typed-time.js';
import type { TimePrecision } from '../../lib/time.js';
import { TimeField } from './time-field.js';

export interface TimeRangeFilterProps extends MsRange {
  labels: Record<RangeEnd, string>;
  precision?: TimePrecision;
  /** The end belongs to the range ("Đến lúc"): a day alone is all of that day. */
  endIncluded?: boolean;
  onChange(range: MsRange): void;
}

/**
 * Beginning and end of a filter whose values live in the address: the text is the field's until it is left, then the
 * instants go to the address. Text that is no time, or an end before its beginning, filters nothing and says so.
 */
export function TimeRangeFilter({
  labels,
  precision = 'second',
  endIncluded = false,
  fromMs,
  toMs,
  onChange,
}: TimeRangeFilterProps) {
  const { t } = useTranslation('time');
  const address = { fromMs, toMs };
  const [typed, setTyped] = useState<TypedRange>(() => ofAddress(address, precision));
  const [known, setKnown] = useState<MsRange>(address);
  const [last, setLast] = useState<RangeEnd>('from');
  const meant = rangeOf(typed, last);
  if (fromMs !== known.fromMs || toMs !== known.toMs) {
    // The address changed: by these fields, which mean that already, or by something else.
    setKnown(address);
    if (fromMs !== meant.fromMs || toMs !== meant.toMs) setTyped(ofAddress(address, precision));
  }
  const put = (end: RangeEnd, value: TypedTime) => {
    setTyped((before) => ({ ...before, [end]: end === 'to' && endIncluded ? endOfTypedDay(value) : value }));
    setLast(end);
  };
  const commit = (end: RangeEnd, value: TypedTime) => {
    const next = { ...typed, [end]: end === 'to' && endIncluded ? endOfTypedDay(value) : value };
    const range = rangeOf(next, end);
    if (range.fromMs !== fromMs || range.toMs !== toMs) onChange({ fromMs: range.fromMs, toMs: range.toMs });
  };
  const complaint = (end: RangeEnd) => {
    if (meant.outOfOrder !== end) return undefined;
    const other = msOf(typed[end === 'from' ? 'to' : 'from']);
    return t(`order.${end}`, { at: other === undefined ? '' : formatKind(other, precision) });
  };
  return (['from', 'to'] as const).map((end) => (
    <TimeField
      key={end}
      label={labels[end]}
      precision={precision}
      value={typed[end]}
      onChange={(value) => put(end, value)}
      onCommit={(value) => commit(end, value)}
      error={complaint(end)}
      data-testid={`filter-${end}`}
    />
  ));
}

const ofAddress = ({ fromMs, toMs }: MsRange, precision: TimePrecision): TypedRange => ({
  from: typedTime(fromMs, precision),
  to: typedTime(toMs, precision),
});
