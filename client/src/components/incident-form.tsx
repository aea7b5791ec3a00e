import { incidentSources, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { IncidentCreateRequest } from '@choi-canh/shared/incidents';
import { Button, Group, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '../lib/cases.js';
import { fieldErrors } from '../lib/error-text.js';
import { AreaSelect } from './area-select.js';
import { ErrorPanel } from './error-panel.js';
import { TimeInput } from './time-input.js';

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
  return { ...incident, occurredAtMs: Date.parse(incident.occurredAt) };
}

export interface IncidentFormProps {
  start: Partial<IncidentDraft>;
  submitLabel: string;
  onCancel(): void;
  /** A rejection is shown, and what was typed stays. */
  onSubmit(body: IncidentCreateRequest): Promise<unknown>;
  /** The area of an incident does not change. */
  fixedArea?: boolean;
  /** Only what is needed to begin. */
  brief?: boolean;
}

type Complaints = Partial<Record<'occurredAt' | 'place' | 'category' | 'areaId', string>>;

/** Facts of an incident: time, place, category, source, area, description. */
export function IncidentForm({ start, submitLabel, onCancel, onSubmit, fixedArea, brief }: IncidentFormProps) {
  const { t, i18n } = useTranslation('incidents');
  const categories = useCategories();
  const [draft, setDraft] = useState<IncidentDraft>({
    occurredAtMs: undefined,
    place: '',
    category: null,
    source: 'tip_phone',
    areaId: undefined,
    title: '',
    description: '',
    ...start,
  });
  const [complaints, setComplaints] = useState<Complaints>({});
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<IncidentDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
    setComplaints({});
  };
  const language = i18n.language === 'en' ? 'en' : 'vi';

  const submit = async () => {
    const { occurredAtMs, category, areaId } = draft;
    const found: Complaints = {
      ...(occurredAtMs === undefined && { occurredAt: t('form.needTime') }),
      ...(draft.place.trim() === '' && { place: t('form.needPlace') }),
      ...(category === null && { category: t('form.needCategory') }),
      ...(areaId === undefined && { areaId: t('form.needArea') }),
    };
    setComplaints(found);
    if (occurredAtMs === undefined || category === null || areaId === undefined || found.place !== undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit({
        areaId,
        title: draft.title.trim(),
        occurredAt: new Date(occurredAtMs).toISOString(),
        place: draft.place.trim(),
        category,
        source: draft.source,
        description: draft.description.trim(),
      });
    } catch (caught) {
      setError(caught);
      setComplaints(fieldErrors(caught));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      data-testid="incident-form"
    >
      <Stack gap="md">
        <TimeInput
          size="lg"
          label={t('form.occurredAt')}
          description={t('form.occurredAtHint')}
          value={draft.occurredAtMs}
          onChange={(occurredAtMs) => set({ occurredAtMs })}
          error={complaints.occurredAt}
          data-testid="incident-time"
        />
        <TextInput
          size="lg"
          label={t('form.place')}
          placeholder={t('form.placeExample')}
          value={draft.place}
          onChange={(event) => set({ place: event.currentTarget.value })}
          error={complaints.place}
          maxLength={200}
          data-autofocus
          data-testid="incident-place"
        />
        <Select
          size="lg"
          label={t('form.category')}
          placeholder={t('form.categoryHint')}
          data={(categories.data?.items ?? []).map((one) => ({ value: one.code, label: one[language] }))}
          value={draft.category}
          onChange={(category) => set({ category })}
          error={complaints.category ?? (categories.isError ? t('form.categoriesFailed') : undefined)}
          allowDeselect={false}
          data-testid="incident-category"
        />
        {!fixedArea && (
          <AreaSelect
            size="lg"
            label={t('form.area')}
            value={draft.areaId}
            onChange={(areaId) => set({ areaId })}
            error={complaints.areaId}
            data-testid="incident-area"
          />
        )}
        {!brief && (
          <>
            <Select
              size="lg"
              label={t('form.source')}
              data={incidentSources.map((one) => ({ value: one, label: t(`sources.${one}`) }))}
              value={draft.source}
              onChange={(next) => {
                const source = incidentSources.find((one) => one === next);
                if (source !== undefined) set({ source });
              }}
              allowDeselect={false}
              data-testid="incident-source"
            />
            <TextInput
              size="lg"
              label={t('form.titleLabel')}
              description={t('form.titleHint')}
              value={draft.title}
              onChange={(event) => set({ title: event.currentTarget.value })}
              maxLength={200}
            />
            <Textarea
              size="lg"
              label={t('form.description')}
              value={draft.description}
              onChange={(event) => set({ description: event.currentTarget.value })}
              autosize
              minRows={3}
              maxLength={5000}
              data-testid="incident-description"
            />
          </>
        )}
        {error !== undefined && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" h={48} onClick={onCancel}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" h={48} fz="lg" loading={busy} data-testid="incident-submit">
            {submitLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
