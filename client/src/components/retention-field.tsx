import { NumberInput, Radio, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export interface RetentionChoice {
  own: boolean;
  /** As typed; kept while the other way is chosen. */
  days: number | string;
}

/** Days of a choice: a number, null (inherited), or undefined where what was typed is no number of days. */
export function chosenDays(choice: RetentionChoice): number | null | undefined {
  if (!choice.own) return null;
  const days = Number(choice.days);
  return Number.isInteger(days) && days >= 1 && days <= 3650 ? days : undefined;
}

/** How long footage is kept: as it is above, or a number of days of one's own. */
export function RetentionField({
  inheritLabel,
  choice,
  onChange,
  error,
}: {
  /** "Theo Chí Đám (30 ngày)" */
  inheritLabel: string;
  choice: RetentionChoice;
  onChange: (choice: RetentionChoice) => void;
  error?: string | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      label={t('retention.title')}
      description={t('retention.hint')}
      value={choice.own ? 'own' : 'inherit'}
      onChange={(value) => onChange({ ...choice, own: value === 'own' })}
      size="md"
    >
      <Stack gap="sm" mt="sm">
        <Radio value="inherit" label={inheritLabel} />
        <Radio value="own" label={t('retention.own')} />
        {choice.own && (
          <NumberInput
            label={t('retention.days')}
            value={choice.days}
            onChange={(days) => onChange({ ...choice, days })}
            min={1}
            max={3650}
            allowDecimal={false}
            maw={220}
            ml={34}
            error={chosenDays(choice) === undefined ? t('retention.wrong') : error}
          />
        )}
      </Stack>
    </Radio.Group>
  );
}
