import { TextInput, type TextInputProps } from '@mantine/core';
import type { TypedValue } from './typed-value.js';

export interface NumberFieldProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  value: TypedValue<number>;
  onChange: (value: TypedValue<number>) => void;
  min: number;
  max: number;
  [data: `data-${string}`]: unknown;
}

/** A whole number as it is typed. Nothing is corrected behind a person's back: what is no number in range is wrong. */
export function NumberField({ value, onChange, min, max, ...rest }: NumberFieldProps) {
  return (
    <TextInput
      inputMode="numeric"
      autoComplete="off"
      {...rest}
      value={value.kind === 'empty' ? '' : value.text}
      onChange={(event) => onChange(parseWholeNumber(event.currentTarget.value, min, max))}
    />
  );
}

/** "30", " 30 " → 30; "abc", "3,5", "-1" and what is out of range are wrong. */
export function parseWholeNumber(text: string, min: number, max: number): TypedValue<number> {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  const value = /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  return value >= min && value <= max ? { kind: 'understood', value, text } : { kind: 'wrong', text };
}
