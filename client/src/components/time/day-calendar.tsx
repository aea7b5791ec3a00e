import { DatePicker } from '@mantine/dates';
import '@mantine/dates/styles.css';
import { useTranslation } from 'react-i18next';
import { formatDate, fromWallTime, startOfDay, toMs } from '../../lib/time.js';
import { weekdayName } from '../../lib/time-words.js';
import classes from './time-field.module.css';

/** The calendar's days are strings without a zone, so the browser's own zone never comes in. */
function dayString(ms: number): string {
  const [day, month, year] = formatDate(ms).split('/');
  return `${year}-${month}-${day}`;
}

function msOfDay(day: string): number {
  const [year = 0, month = 0, date = 0] = day.slice(0, 10).split('-').map(Number);
  return fromWallTime(year, month, date) ?? toMs(`${day.slice(0, 10)}T00:00:00+07:00`);
}

export interface DayCalendarProps {
  valueMs: number | undefined;
  nowMs: number;
  /** No later day can be chosen. */
  latestMs?: number | undefined;
  /** Midnight in Vietnam of the chosen day. */
  onDay(dayAtMs: number): void;
}

/** A month from Monday to Sunday, names by Intl in the language of the page. */
export function DayCalendar({ valueMs, nowMs, latestMs, onDay }: DayCalendarProps) {
  const { t, i18n } = useTranslation('time');
  const names = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(i18n.language, { ...options, timeZone: 'Asia/Ho_Chi_Minh' });
    return (day: string) => {
      const name = format.format(msOfDay(day));
      return name.charAt(0).toUpperCase() + name.slice(1);
    };
  };
  const today = dayString(startOfDay(nowMs));
  return (
    <DatePicker
      size="md"
      __stopPropagation
      hideOutsideDates
      classNames={{ day: classes.day ?? '' }}
      value={valueMs === undefined ? null : dayString(valueMs)}
      defaultDate={dayString(valueMs ?? nowMs)}
      {...(latestMs === undefined ? {} : { maxDate: dayString(latestMs) })}
      onChange={(day) => {
        if (day !== null) onDay(msOfDay(day));
      }}
      weekdayFormat={names({ weekday: i18n.language === 'vi' ? 'narrow' : 'short' })}
      monthLabelFormat={names({ month: 'long', year: 'numeric' })}
      monthsListFormat={names({ month: 'short' })}
      getDayAriaLabel={(day) => `${weekdayName(msOfDay(day), i18n.language)} ${formatDate(msOfDay(day))}`}
      getDayProps={(day) => (day === today ? { className: classes.today ?? '', 'aria-current': 'date' } : {})}
      ariaLabels={{
        monthLevelControl: t('calendar.chooseMonth'),
        yearLevelControl: t('calendar.chooseYear'),
        nextMonth: t('calendar.nextMonth'),
        previousMonth: t('calendar.previousMonth'),
        nextYear: t('calendar.nextYear'),
        previousYear: t('calendar.previousYear'),
        nextDecade: t('calendar.nextDecade'),
        previousDecade: t('calendar.previousDecade'),
      }}
    />
  );
}
