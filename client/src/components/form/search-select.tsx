import { Combobox, InputBase, useCombobox, type InputBaseProps } from '@mantine/core';
import {
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type ComponentPropsWithoutRef,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { useTranslation } from 'react-i18next';
import { selectMatches } from './select-matches.js';

export interface SelectOption<Value extends string> {
  value: Value;
  label: string;
}

type InputProps = InputBaseProps & Omit<ComponentPropsWithoutRef<'input'>, keyof InputBaseProps | 'value' | 'onChange'>;

export interface SearchSelectProps<Value extends string> extends InputProps {
  data: readonly SelectOption<Value>[];
  value: Value | null | undefined;
  onChange: (value: Value) => void;
  /** Said where nothing matches what was typed. */
  notFound?: string;
  renderOption?: (option: SelectOption<Value>) => ReactNode;
  [data: `data-${string}`]: unknown;
}

/**
 * The one select of the product. Typing filters, the first match is active, Enter (or Tab) takes it; Esc and leaving
 * the field bring back the choice as it is.
 */
export function SearchSelect<Value extends string>({
  data,
  value,
  onChange,
  notFound,
  renderOption,
  disabled,
  onFocus,
  onBlur,
  onClick,
  onKeyDown,
  ...rest
}: SearchSelectProps<Value>) {
  const { t } = useTranslation();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  /** Undefined: nothing was typed since the field was entered or something was chosen. */
  const [query, setQuery] = useState<string>();
  const [active, setActive] = useState(-1);
  const store = useCombobox();
  const opened = store.dropdownOpened;
  const current = data.find((option) => option.value === value);
  const shown = useMemo(
    () => (query === undefined || query.trim() === '' ? data : selectMatches(data, query)),
    [data, query],
  );
  const activeOption = opened ? shown[active] : undefined;
  const optionId = (option: SelectOption<Value>) => `${id}-${data.indexOf(option)}`;
  const activeId = activeOption === undefined ? undefined : optionId(activeOption);

  useEffect(() => {
    if (activeId !== undefined) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId]);

  const open = () => {
    if (opened || disabled === true) return;
    setActive(current === undefined ? 0 : data.indexOf(current));
    store.openDropdown();
  };
  const close = () => {
    setQuery(undefined);
    store.closeDropdown();
  };
  const choose = (option: SelectOption<Value>) => {
    close();
    if (option.value !== value) onChange(option.value);
  };
  const move = (step: number) => {
    if (!opened) open();
    else if (shown.length > 0) setActive((active + step + shown.length) % shown.length);
  };
  const keyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    onKeyDown?.(event);
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && opened) {
      // What was typed and matches nothing is no choice: neither taken nor sent with the form.
      event.preventDefault();
      if (activeOption !== undefined) choose(activeOption);
    } else if (event.key === 'Tab' && opened && query !== undefined && query.trim() !== '') {
      if (activeOption !== undefined) choose(activeOption);
    } else if (event.key === 'Escape' && opened) {
      event.stopPropagation();
      close();
    }
  };

  return (
    <Combobox store={store} onOptionSubmit={(chosen) => data.filter((one) => one.value === chosen).forEach(choose)}>
      <Combobox.Target withKeyboardNavigation={false} withAriaAttributes={false}>
        <InputBase
          size="md"
          {...rest}
          ref={input}
          disabled={disabled ?? false}
          role="combobox"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-expanded={opened}
          aria-controls={opened && shown.length > 0 ? id : undefined}
          aria-activedescendant={activeId}
          // A dialog around leaves Esc to the open list.
          data-mantine-stop-propagation={opened || undefined}
          autoComplete="off"
          spellCheck={false}
          rightSection={<Combobox.Chevron />}
          rightSectionPointerEvents="none"
          value={query ?? current?.label ?? ''}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setActive(0);
            store.openDropdown();
          }}
          onFocus={(event) => {
            // So that typing replaces the choice instead of continuing its name.
            event.currentTarget.select();
            onFocus?.(event);
          }}
          onClick={(event) => {
            if (query === undefined) event.currentTarget.select();
            open();
            onClick?.(event);
          }}
          onBlur={(event) => {
            close();
            onBlur?.(event);
          }}
          onKeyDown={keyDown}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        {shown.length === 0 ? (
          <Combobox.Empty role="status">{notFound ?? t('form.noMatch')}</Combobox.Empty>
        ) : (
          <Combobox.Options
            id={id}
            aria-label={rest['aria-label'] ?? labelText(rest.label)}
            mah={320}
            style={{ overflowY: 'auto' }}
          >
            {shown.map((option, index) => (
              <Combobox.Option
                key={option.value}
                id={optionId(option)}
                value={option.value}
                selected={index === active}
                active={option === current}
                aria-selected={option === current}
                mih={40}
                fz="md"
              >
                {renderOption?.(option) ?? option.label}
              </Combobox.Option>
            ))}
          </Combobox.Options>
        )}
      </Combobox.Dropdown>
    </Combobox>
  );
}

function labelText(label: ReactNode): string | undefined {
  return typeof label === 'string' ? label : undefined;
}
