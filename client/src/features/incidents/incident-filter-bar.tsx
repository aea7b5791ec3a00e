import { incidentStates } from '@choi-canh/shared/incidents';
import { Button, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconClock, IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SearchSelect } from '../../components/form/search-select.js';
import { tooLongBy } from '../../components/form/too-long.js';
import { TimeRangeFilter } from '../../components/time/time-range-filter.js';
import { useCategories } from '../../lib/cases.js';
import { countFilters, mostSearchChars, type IncidentFilters } from './incident-filters.js';
import classes from './incidents.module.css';

const any = '*';
const settleMs = 350;

export function IncidentFilterBar({
  filters,
  onChange,
}: {
  filters: IncidentFilters;
  onChange(filters: IncidentFilters): void;
}) {
  const { t, i18n } = useTranslation('incidents');
  const narrow = useMediaQuery('(max-width: 62em)') ?? false;
  const [opened, setOpened] = useState(false);
  const categories = useCategories();
  const language = i18n.language === 'en' ? 'en' : 'vi';
  const active = countFilters(filters);
  const [cleared, setCleared] = useState(0);
  const clear = () => {
    setCleared(cleared + 1);
    onChange({});
  };
  const set = (change: IncidentFilters) => onChange({ ...filters, ...change });
  const setTime = (change: IncidentFilters) => {
    // Text that is no time filters nothing; its box must not fold away with it.
    setOpened(true);
    set(change);
  };
  const name = (label: string) => (narrow ? { label } : { 'aria-label': label });
  const choices = (
    <>
      <SearchSelect
        {...name(t('filters.state'))}
        data={[
          { value: any, label: t('filters.anyState') },
          ...incidentStates.map((state) => ({ value: state, label: t(`states.${state}`) })),
        ]}
        value={filters.state ?? any}
        onChange={(value) => set({ state: incidentStates.find((state) => state === value) })}
      />
      <SearchSelect
        {...name(t('filters.category'))}
        data={[
          { value: any, label: t('filters.anyCategory') },
          ...(categories.data?.items ?? []).map((one) => ({ value: one.code, label: one[language] })),
        ]}
        value={filters.category ?? any}
        onChange={(value) => set({ category: value === any ? undefined : value })}
      />
      <SearchSelect
        {...name(t('filters.footage'))}
        data={[
          { value: any, label: t('filters.anyFootage') },
          { value: 'true', label: t('filters.byFootage') },
          { value: 'false', label: t('filters.notByFootage') },
        ]}
        value={filters.byFootage === undefined ? any : String(filters.byFootage)}
        onChange={(value) => set({ byFootage: value === any ? undefined : value === 'true' })}
      />
    </>
  );
  const timed = filters.fromMs !== undefined || filters.toMs !== undefined;
  return (
    <div className={classes.filters} role="search">
      <div className={classes.filterRow}>
        <SearchField key={cleared} text={filters.text} onText={(text) => set({ text })} />
        {narrow ? (
          <Button
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={20} />}
            onClick={() => setOpened(!opened)}
            aria-expanded={opened}
          >
            {active === 0 ? t('filters.show') : t('filters.active', { count: active })}
          </Button>
        ) : (
          <>
            {choices}
            <Button
              variant={timed ? 'light' : 'default'}
              leftSection={<IconClock size={20} />}
              onClick={() => setOpened(!opened)}
              aria-expanded={opened || timed}
            >
              {t('filters.time')}
            </Button>
            {active > 0 && (
              <Button variant="default" onClick={clear}>
                {t('filters.clear')}
              </Button>
            )}
          </>
        )}
      </div>
      {(opened || (timed && !narrow)) && (
        <div className={classes.filterTimes}>
          {narrow && choices}
          <TimeRangeFilter
            key={cleared}
            labels={{ from: t('filters.from'), to: t('filters.to') }}
            precision="minute"
            fromMs={filters.fromMs}
            toMs={filters.toMs}
            onChange={setTime}
          />
          {narrow && active > 0 && (
            <Button variant="default" onClick={clear}>
              {t('filters.clear')}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** Searches once typing settles. */
function SearchField({ text, onText }: { text: string | undefined; onText(text: string | undefined): void }) {
  const { t, i18n } = useTranslation('incidents');
  const [typed, setTyped] = useState(text ?? '');
  const tooLong = tooLongBy(t, i18n.language, typed, mostSearchChars);
  const newest = useRef(onText);
  useEffect(() => {
    newest.current = onText;
  });
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === (text ?? '') || wanted.length > mostSearchChars) return;
    const timer = setTimeout(() => newest.current(wanted === '' ? undefined : wanted), settleMs);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <TextInput
      className={classes.filterText ?? ''}
      leftSection={<IconSearch size={18} aria-hidden="true" />}
      aria-label={t('filters.text')}
      placeholder={t('filters.text')}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      error={tooLong}
    />
  );
}
