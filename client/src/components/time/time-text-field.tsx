import { ActionIcon, Button, Group, Loader, Popover, SimpleGrid, TextInput, type TextInputProps } from '@mantine/core';
import { IconCalendar } from '@tabler/icons-react';
import { lazy, Suspense, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { serverNowMs } from '../../lib/server-clock.js';
import type { AssumedDay } from '../../lib/time-phrase.js';
import { timeWords } from '../../lib/time-words.js';
import {
  formatKind,
  msOf,
  readTypedTime,
  typedTime,
  typedTimeFault,
  type TimeKind,
  type TypedTime,
} from '../../lib/typed-time.js';
import { onDay, quickTimeMs, type QuickTime } from './quick-times.js';
import classes from './time-field.module.css';

// Calendar and dates are loaded when a calendar is first opened.
const DayCalendar = lazy(() => import('./day-calendar.js').then((module) => ({ default: module.DayCalendar })));

export interface TimeTextFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'defaultValue'> {
  value: TypedTime;
  /** With each key: what is typed is known to the form before the field is left. */
  onChange: (value: TypedTime) => void;
  /** On Enter, on leaving the field, and after a choice. */
  onCommit?: ((value: TypedTime) => void) | undefined;
  asks: TimeKind;
  /** Which day is meant where none is typed; today unless the field asks about an opened window. */
  day?: AssumedDay | undefined;
  quick: readonly QuickTime[];
  /** Shows the quick choices below the field instead of above the calendar. */
  quickBelow?: boolean | undefined;
  /** The calendar offers no later day. */
  latestMs?: number | undefined;
  [data: `data-${string}`]: unknown;
}

/** What `TimeField` and `DateField` have in common: the text, what was understood of it, the calendar, the choices. */
export function TimeTextField({
  value,
  onChange,
  onCommit,
  asks,
  day = 'today',
  quick,
  quickBelow = false,
  latestMs,
  error,
  description,
  onBlur,
  onKeyDown,
  ...rest
}: TimeTextFieldProps) {
  const { t, i18n } = useTranslation('time');
  const input = useRef<HTMLInputElement>(null);
  const [left, setLeft] = useState(false);
  const [opened, setOpened] = useState(false);
  const fault = typedTimeFault(value, asks);
  const shownError = fault === undefined ? error : left || error ? fault : undefined;
  const words = timeWords(value, asks, { nowMs: serverNowMs(), language: i18n.language, t: i18n.t });

  const put = (next: TypedTime) => {
    if (next.kind !== 'wrong') setLeft(false);
    onChange(next);
  };
  /** The text as it is always written, once nobody is typing. */
  const settle = () => {
    setLeft(true);
    if (value.kind === 'understood' && value.text !== formatKind(value.value, asks)) {
      const settled = { ...value, text: formatKind(value.value, asks) };
      onChange(settled);
      onCommit?.(settled);
    } else onCommit?.(value);
  };
  const choose = (ms: number) => {
    const next = typedTime(ms, asks);
    put(next);
    onCommit?.(next);
    setOpened(false);
    input.current?.focus();
  };
  const quickButtons = quick.map((one) => (
    <Button
      key={one}
      variant="default"
      px="sm"
      fz="sm"
      data-mantine-stop-propagation="true"
      data-quick={one}
      // The field is not left first: its error would move this button away from under the pointer.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => choose(quickTimeMs(one, value))}
    >
      {t(`quick.${one}`)}
    </Button>
  ));

  return (
    <div>
      <TextInput
        placeholder={t(asks === 'day' ? 'dayPlaceholder' : 'placeholder')}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        {...rest}
        ref={input}
        value={value.kind === 'empty' ? '' : value.text}
        error={shownError}
        description={shownError ? undefined : (words ?? description)}
        onChange={(event) => put(readTypedTime(event.currentTarget.value, asks, day))}
        onBlur={(event) => {
          settle();
          onBlur?.(event);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) settle();
          onKeyDown?.(event);
        }}
        rightSectionWidth={44}
        rightSection={
          <Popover
            opened={opened}
            onChange={setOpened}
            position="bottom-end"
            trapFocus
            returnFocus
            withinPortal
            shadow="md"
            middlewares={{ shift: { padding: 8 }, flip: { padding: 8 } }}
          >
            <Popover.Target>
              <ActionIcon
                aria-label={t('calendar.open')}
                aria-expanded={opened}
                disabled={rest.disabled ?? false}
                onClick={() => setOpened(!opened)}
                data-calendar
              >
                <IconCalendar size={20} />
              </ActionIcon>
            </Popover.Target>
            <Popover.Dropdown p="sm" aria-label={t('calendar.open')}>
              {!quickBelow && quick.length > 0 && (
                <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs" mb="xs">
                  {quickButtons}
                </SimpleGrid>
              )}
              <Suspense fallback={<Loader m="lg" />}>
                <DayCalendar
                  valueMs={msOf(value)}
                  nowMs={serverNowMs()}
                  latestMs={latestMs}
                  onDay={(dayAtMs) => choose(asks === 'day' ? dayAtMs : onDay(value, dayAtMs))}
                />
              </Suspense>
            </Popover.Dropdown>
          </Popover>
        }
      />
      {quickBelow && (
        <Group gap="xs" mt={6} className={classes.quick}>
          {quickButtons}
        </Group>
      )}
    </div>
  );
}
