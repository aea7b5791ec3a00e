import type { TimePrecision } from '../../lib/time.js';
import { quickTimes } from './quick-times.js';
import { TimeTextField, type TimeTextFieldProps } from './time-text-field.js';

export interface TimeFieldProps extends Omit<TimeTextFieldProps, 'asks' | 'quick'> {
  precision?: TimePrecision;
  quick?: TimeTextFieldProps['quick'];
}

/**
 * A moment as people type it, in Vietnam's wall time: `14h30`, `hôm qua 14:30`, `22/11/2026 14:30:00` (see
 * `readTimePhrase`), or chosen from the calendar. It says below itself what was understood.
 */
export function TimeField({ precision = 'second', quick = quickTimes, ...rest }: TimeFieldProps) {
  return <TimeTextField {...rest} asks={precision} quick={quick} />;
}
