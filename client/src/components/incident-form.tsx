import { incidentSources, occurredAtToleranceMs, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { IncidentCreateRequest } from '@choi-canh/shared/incidents';
import { Button, Collapse, Stack, Textarea, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '../lib/cases.js';
import { serverNowMs } from '../lib/server-clock.js';
import { msOf, typedTime, typedTimeFault, type TypedTime } from '../lib/typed-time.js';
import { AreaSelect } from './area-select.js';
import { AppForm } from './form/app-form.js';
import { FormActions } from './form/form-actions.js';
import { SearchSelect } from './form/search-select.js';
import { useAppForm } from './form/use-app-form.js';
import { TimeField } from './time/time-field.js';

export interface IncidentDraft {
  occurredAtMs: number | undefined;
  place: string;
  category: string | null;
  source: (typeof incidentSources)[number];
  areaId: string | undefined;
  title: string;
  description: string;
}

export function draftOf(incident: IncidentResponse): IncidentDraft {
  const { occurredAt, place, category, source, areaId, title, description } = incident;
  return { occurredAtMs: Date.parse(occurredAt), place, category, source, areaId, title, description };
}

interface IncidentValues extends Omit<IncidentDraft, 'occurredAtMs'> {
  occurredAt: TypedTime;
}

export interface IncidentFormProps {
  start: Partial<IncidentDraft>;
  submitLabel: string;
  /** A rejection is shown, and what was typed stays; false says that it is not saved yet. */
  onSubmit(body: IncidentCreateRequest): Promise<unknown>;
  /** The area of an incident does not change. */
  fixedArea?: boolean;
  /** Only what is needed to begin. */
  brief?: boolean;
}

/** Facts of an incident: time, place, category, area; source, title and description folded away. */
export function IncidentForm({ start, submitLabel, onSubmit, fixedArea, brief }: IncidentFormProps) {
  const { t, i18n } = useTranslation('incidents');
  const categories = useCategories();
  const language = i18n.language === 'en' ? 'en' : 'vi';
  const { occurredAtMs, ...rest } = start;
  const form = useAppForm<IncidentValues>({
    initial: {
      occurredAt: typedTime(occurredAtMs, 'second'),
      place: '',
      category: null,
      source: 'tip_phone',
      areaId: undefined,
      title: '',
      description: '',
      ...rest,
    },
    most: { place: 200, title: 200, description: 5000 },
    draft: {
      name: brief ? 'incident-brief' : 'incident',
      fields: ['occurredAt', 'place', 'category', 'source', 'areaId', 'title', 'description'],
    },
    validate: {
      occurredAt: (typed) =>
        typedTimeFault(typed) ??
        (typed.kind === 'empty' ? t('form.needTime') : undefined) ??
        ((msOf(typed) ?? 0) > serverNowMs() + occurredAtToleranceMs ? t('errors:incident_in_future') : undefined),
      place: (place) => (place.trim() === '' ? t('form.needPlace') : undefined),
      category: (category) => (category === null ? t('form.needCategory') : undefined),
      areaId: (areaId) => (areaId === undefined ? t('form.needArea') : undefined),
    },
  });
  const [unfolded, setUnfolded] = useState((start.title ?? '') !== '' || (start.description ?? '') !== '');
  const hidesFault = [form.text('title'), form.text('description'), form.field('source')].some(
    ({ error }) => error !== undefined,
  );
  const showsMore = unfolded || hidesFault;

  return (
    <AppForm
      form={form}
      testId="incident-form"
      onSubmit={async ({ occurredAt, category, areaId, place, source, title, description }) => {
        const atMs = msOf(occurredAt);
        if (atMs === undefined || category === null || areaId === undefined) return false;
        return onSubmit({
          areaId,
          title: title.trim(),
          occurredAt: new Date(atMs).toISOString(),
          place: place.trim(),
          category,
          source,
          description: description.trim(),
        });
      }}
      actions={<FormActions submitLabel={submitLabel} testId="incident-submit" />}
    >
      <TimeField
        size="lg"
        required
        label={t('form.occurredAt')}
        description={t('time:hint')}
        quickBelow
        latestMs={serverNowMs()}
        {...form.field('occurredAt')}
        data-testid="incident-time"
      />
      <TextInput
        size="lg"
        required
        label={t('form.place')}
        placeholder={t('form.placeExample')}
        {...form.text('place')}
        data-autofocus
        data-testid="incident-place"
      />
      <CategorySelect
        options={(categories.data?.items ?? [])
          .filter((one) => !one.retired || one.code === start.category)
          .map((one) => ({ value: one.code, label: one[language] }))}
        failed={categories.isError}
        field={form.field('category')}
      />
      {!fixedArea && (
        <AreaSelect size="lg" required label={t('form.area')} {...form.field('areaId')} data-testid="incident-area" />
      )}
      {!brief && (
        <div>
          <Button
            variant="subtle"
            px={6}
            leftSection={showsMore ? <IconChevronDown size={20} /> : <IconChevronRight size={20} />}
            aria-expanded={showsMore}
            onClick={() => setUnfolded(!showsMore)}
            data-testid="incident-more"
          >
            {t('form.more')}
          </Button>
          <Collapse expanded={showsMore}>
            <Stack gap="md" pt="sm">
              <SearchSelect
                size="lg"
                label={t('form.source')}
                data={incidentSources.map((one) => ({ value: one, label: t(`sources.${one}`) }))}
                {...form.field('source')}
                data-testid="incident-source"
              />
              <TextInput
                size="lg"
                label={t('form.titleLabel')}
                description={t('form.titleHint')}
                {...form.text('title')}
                data-testid="incident-title"
              />
              <Textarea
                size="lg"
                label={t('form.description')}
                {...form.text('description')}
                autosize
                minRows={3}
                maxRows={14}
                data-testid="incident-description"
              />
            </Stack>
          </Collapse>
        </div>
      )}
    </AppForm>
  );
}

function CategorySelect({
  options,
  failed,
  field,
}: {
  options: { value: string; label: string }[];
  failed: boolean;
  field: { error: string | undefined; 'data-path': string; value: string | null; onChange(value: string | null): void };
}) {
  const { t } = useTranslation('incidents');
  return (
    <SearchSelect
      size="lg"
      required
      label={t('form.category')}
      placeholder={t('form.categoryHint')}
      data={options}
      {...field}
      error={field.error ?? (failed ? t('form.categoriesFailed') : undefined)}
      data-testid="incident-category"
    />
  );
}
