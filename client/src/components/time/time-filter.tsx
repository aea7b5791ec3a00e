import { DateField, type DateFieldProps } from './date-field.js';
import { TimeField, type TimeFieldProps } from './time-field.js';
import { useCommittedTime } from './use-committed-time.js';

interface Committed {
  /** UTC milliseconds; undefined is empty. */
  valueMs: number | undefined;
  onChange(ms: number | undefined): void;
}

/** A time field of a filter: see `useCommittedTime`. */
export function TimeFilter({
  valueMs,
  onChange,
  precision = 'second',
  ...rest
}: Omit<TimeFieldProps, 'value' | 'onChange' | 'onCommit'> & Committed) {
  return <TimeField {...rest} precision={precision} {...useCommittedTime(valueMs, precision, onChange)} />;
}

/** A day field of a filter. */
export function DateFilter({
  valueMs,
  onChange,
  ...rest
}: Omit<DateFieldProps, 'value' | 'onChange' | 'onCommit'> & Committed) {
  return <DateField {...rest} {...useCommittedTime(valueMs, 'day', onChange)} />;
}
