import { quickDays } from './quick-times.js';
import { TimeTextField, type TimeTextFieldProps } from './time-text-field.js';

export type DateFieldProps = Omit<TimeTextFieldProps, 'asks' | 'quick' | 'quickBelow' | 'day'>;

/** A day as people type it: `22/11`, `22/11/2026`, `hôm qua`, or chosen from the calendar. Its value is that midnight. */
export function DateField(props: DateFieldProps) {
  return <TimeTextField {...props} asks="day" quick={quickDays} />;
}
