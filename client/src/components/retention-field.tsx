import { Radio, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NumberField, parseWholeNumber } from './form/number-field.js';
import type { TypedValue } from './form/typed-value.js';

const minDays = 1;
const maxDays = 3650;

/** As it is above, or days of one's own; `text` is what was typed and stays while the other way is chosen. */
export type RetentionChoice =
  { kind: 'inherit'; text: string } | { kind: 'own'; text: string; days: number } | { kind: 'wrong'; text: string };

/** What is kept now: null days are inherited, and `inheritedDays` is what a change would start from. */
export function retentionChoice(days: number | null, inheritedDays: number): RetentionChoice {
  return days === null ? { kind: 'inherit', text: String(inheritedDays) } : own(String(days));
}

/** Days of a choice: a number, null (inherited), or undefined where what was typed is no number of days. */
export function chosenDays(choice: Exclude<RetentionChoice, { kind: 'wrong' }>): number | null;
export function chosenDays(choice: RetentionChoice): number | null | undefined;
export function chosenDays(choice: RetentionChoice): number | null | undefined {
  return choice.kind === 'own' ? choice.days : choice.kind === 'inherit' ? null : undefined;
}

function own(text: string): RetentionChoice {
  return ofTyped(parseWholeNumber(text, minDays, maxDays));
}

/** Days of one's own must be said: an empty field is wrong as well. */
function ofTyped(typed: TypedValue<number>): RetentionChoice {
  if (typed.kind === 'understood') return { kind: 'own', text: typed.text, days: typed.value };
  return { kind: 'wrong', text: typed.kind === 'empty' ? '' : typed.text };
}

/** How long footage is kept: as it is above, or a number of days of one's own. */
export function RetentionField({
  inheritLabel,
  value,
  onChange,
  error,
  'data-path': path,
}: {
  /** "Theo Chí Đám (30 ngày)" */
  inheritLabel: string;
  value: RetentionChoice;
  onChange: (choice: RetentionChoice) => void;
  error?: string | undefined;
  'data-path'?: string;
}) {
  const { t } = useTranslation();
  /** The field was left: only then half a number is an error. */
  const [left, setLeft] = useState(false);
  const wrong = left && value.kind === 'wrong' ? t('retention.wrong') : undefined;
  return (
    <Radio.Group
      label={t('retention.title')}
      description={t('retention.hint')}
      value={value.kind === 'inherit' ? 'inherit' : 'own'}
      onChange={(way) => onChange(way === 'own' ? own(value.text) : { kind: 'inherit', text: value.text })}
      size="md"
    >
      <Stack gap="sm" mt="sm">
        <Radio value="inherit" label={inheritLabel} />
        <Radio value="own" label={t('retention.own')} />
        {value.kind !== 'inherit' && (
          <NumberField
            label={t('retention.days')}
            value={value.kind === 'own' ? { kind: 'understood', value: value.days, text: value.text } : value}
            onChange={(typed) => {
              setLeft(false);
              onChange(ofTyped(typed));
            }}
            min={minDays}
            max={maxDays}
            onBlur={() => setLeft(true)}
            maw={220}
            ml={34}
            error={error ?? wrong}
            data-path={path}
          />
        )}
      </Stack>
    </Radio.Group>
  );
}
