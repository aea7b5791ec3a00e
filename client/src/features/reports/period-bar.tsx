import { Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SearchSelect } from '../../components/form/search-select.js';
import { DateField } from '../../components/time/date-field.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { typedTime, type TypedTime } from '../../lib/typed-time.js';
import { lastDayOf, periodOfPreset, presetOfPeriod, reportPresets, type ReportPeriod } from './report-periods.js';

const dayMs = 86_400_000;

/** What stands in the two boxes. `readable` is false once one was left with text that is no day. */
export interface PeriodFields {
  from: TypedTime;
  to: TypedTime;
  readable: boolean;
  type(name: 'from' | 'to', value: TypedTime): void;
  commit(name: 'from' | 'to', value: TypedTime): void;
}

/** The days of a report as they are typed; a report must not be shown for days that no longer stand in the boxes. */
export function usePeriodFields(period: ReportPeriod, onPeriod: (period: ReportPeriod) => void): PeriodFields {
  const ofPeriod = () => ({ from: typedTime(period.fromMs, 'day'), to: typedTime(lastDayOf(period), 'day') });
  const [known, setKnown] = useState(period);
  const [typed, setTyped] = useState<Pick<PeriodFields, 'from' | 'to'>>(ofPeriod);
  const [readable, setReadable] = useState(true);
  if (known !== period) {
    setKnown(period);
    setTyped(ofPeriod());
    setReadable(true);
  }
  return {
    ...typed,
    readable,
    type: (name, value) => setTyped((before) => ({ ...before, [name]: value })),
    commit: (name, value) => {
      const next = { ...typed, [name]: value };
      const { from, to } = next;
      setReadable(from.kind === 'understood' && to.kind === 'understood');
      if (from.kind !== 'understood' || to.kind !== 'understood') return;
      // The day that was typed counts; the other one gives way.
      const days =
        name === 'from'
          ? { fromMs: from.value, toMs: Math.max(to.value, from.value) + dayMs }
          : { fromMs: Math.min(from.value, to.value), toMs: to.value + dayMs };
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
  const day = (name: 'from' | 'to') => (
    <DateField
      label={t(name)}
      value={fields[name]}
      onChange={(value) => fields.type(name, value)}
      onCommit={(value) => fields.commit(name, value)}
      error={!fields.readable && fields[name].kind === 'empty' ? t('time:dayFaults.unknown') : undefined}
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
