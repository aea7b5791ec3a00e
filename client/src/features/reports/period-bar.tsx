import { Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SearchSelect } from '../../components/form/search-select.js';
import { DateField } from '../../components/time/date-field.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDate } from '../../lib/time.js';
import type { RangeEnd } from '../../lib/typed-range.js';
import { msOf, typedTime, type TypedTime } from '../../lib/typed-time.js';
import { readPeriodPhrase } from './period-phrase.js';
import { lastDayOf, periodOfPreset, presetOfPeriod, reportPresets, type ReportPeriod } from './report-periods.js';

const dayMs = 86_400_000;

/** What stands in the two boxes. `readable` is false once one was left with text that is no day, or out of order. */
export interface PeriodFields {
  from: TypedTime;
  to: TypedTime;
  readable: boolean;
  /** The box whose day is on the wrong side of the other one. */
  outOfOrder: RangeEnd | undefined;
  type(name: 'from' | 'to', value: TypedTime): void;
  commit(name: 'from' | 'to', value: TypedTime): void;
}

/** The days of a report as they are typed; a report must not be shown for days that no longer stand in the boxes. */
export function usePeriodFields(period: ReportPeriod, onPeriod: (period: ReportPeriod) => void): PeriodFields {
  const ofPeriod = () => ({ from: typedTime(period.fromMs, 'day'), to: typedTime(lastDayOf(period), 'day') });
  const [known, setKnown] = useState(period);
  const [typed, setTyped] = useState<Pick<PeriodFields, 'from' | 'to'>>(ofPeriod);
  const [readable, setReadable] = useState(true);
  const [outOfOrder, setOutOfOrder] = useState<RangeEnd>();
  const showPeriod = () => {
    setTyped(ofPeriod());
    setReadable(true);
    setOutOfOrder(undefined);
  };
  if (known !== period) {
    setKnown(period);
    showPeriod();
  }
  return {
    ...typed,
    readable,
    outOfOrder,
    type: (name, value) => setTyped((before) => ({ ...before, [name]: value })),
    commit: (name, value) => {
      const whole = value.kind === 'wrong' ? readPeriodPhrase(value.text, serverNowMs()) : undefined;
      if (whole !== undefined) {
        // A month or a year fills both boxes.
        if (whole.fromMs === period.fromMs && whole.toMs === period.toMs) showPeriod();
        else onPeriod(whole);
        return;
      }
      const next = { ...typed, [name]: value };
      const { from, to } = next;
      const inOrder = from.kind === 'understood' && to.kind === 'understood' && from.value <= to.value;
      setReadable(inOrder);
      setOutOfOrder(from.kind === 'understood' && to.kind === 'understood' && !inOrder ? name : undefined);
      if (!inOrder) return;
      const days = { fromMs: from.value, toMs: to.value + dayMs };
      if (days.fromMs !== period.fromMs || days.toMs !== period.toMs) onPeriod(days);
    },
  };
}

export function PeriodBar({
  period,
  fields,
  onPeriod,
}: {
  period: ReportPeriod;
  fields: PeriodFields;
  onPeriod(period: ReportPeriod): void;
}) {
  const { t } = useTranslation('reports');
  const preset = presetOfPeriod(period, serverNowMs());
  const complaint = (name: RangeEnd) => {
    if (fields.outOfOrder === name) {
      const other = msOf(fields[name === 'from' ? 'to' : 'from']);
      return t(`time:dayOrder.${name}`, { at: other === undefined ? '' : formatDate(other) });
    }
    return !fields.readable && fields[name].kind === 'empty' ? t('time:dayFaults.unknown') : undefined;
  };
  const day = (name: RangeEnd) => (
    <DateField
      label={t(name)}
      value={fields[name]}
      onChange={(value) => fields.type(name, value)}
      onCommit={(value) => fields.commit(name, value)}
      error={complaint(name)}
      w={200}
      data-testid={`report-${name}`}
    />
  );
  return (
    <Group align="flex-start" mb="md">
      <SearchSelect
        label={t('period')}
        data={[
          ...reportPresets.map((one) => ({ value: one as string, label: t(`presets.${one}`) })),
          ...(preset === undefined ? [{ value: 'free', label: t('presets.free') }] : []),
        ]}
        value={preset ?? 'free'}
        onChange={(value) => {
          const next = reportPresets.find((one) => one === value);
          if (next !== undefined) onPeriod(periodOfPreset(next, serverNowMs()));
        }}
        w={200}
        data-testid="report-preset"
      />
      {day('from')}
      {day('to')}
    </Group>
  );
}
