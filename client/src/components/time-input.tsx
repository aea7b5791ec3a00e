import { TextInput, type TextInputProps } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { serverNowMs } from '../lib/server-clock.js';
import { formatDateTime, parseDateTime, type TimePrecision } from '../lib/time.js';

export interface TimeInputProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  /** UTC milliseconds; undefined is empty. */
  value: number | undefined;
  /** Called when what was typed is a time, or empty; on Enter and when the field is left. */
  onChange: (ms: number | undefined) => void;
  precision?: TimePrecision;
}

/** Wall time in Vietnam as people type it: `22/11/2026 14:30:00`, also `14:30` or `14h30` for today. */
export function TimeInput({ value, onChange, precision = 'second', error, ...rest }: TimeInputProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? (value === undefined ? '' : formatDateTime(value, precision));
  const parsed = draft === undefined ? value : parseDateTime(draft, value ?? serverNowMs());
  const wrong = draft !== undefined && draft.trim() !== '' && parsed === undefined;

  const commit = () => {
    if (draft === undefined || wrong) return;
    onChange(draft.trim() === '' ? undefined : parsed);
    setDraft(undefined);
  };

  return (
    <TextInput
      placeholder={t('common:timeInput.placeholder')}
      inputMode="text"
      autoComplete="off"
      {...rest}
      value={shown}
      error={wrong ? t('common:timeInput.invalid') : error}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={(event) => {
        commit();
        rest.onBlur?.(event);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
        if (event.key === 'Escape') setDraft(undefined);
        rest.onKeyDown?.(event);
      }}
    />
  );
}
