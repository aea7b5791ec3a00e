import { incidentPageResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import { SegmentedControl, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../components/form/form-dialog.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { IncidentForm } from '../../components/incident-form.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { incidentsKey, incidentTitle, useCaseActions, useCategoryName } from '../../lib/cases.js';
import { useSession } from '../../lib/session.js';
import { formatDateTime } from '../../lib/time.js';

export interface IncidentNeededProps {
  opened: boolean;
  onClose(): void;
  /** Time and place where one is created. */
  occurredAtMs: number;
  place: string;
  areaId: string | undefined;
  onChosen(incidentId: string): void;
}

/** A tag or a clip belongs to an incident: choose one, or write down a new one. */
export function IncidentNeededDialog(props: IncidentNeededProps) {
  const { t } = useTranslation('review');
  return (
    <FormDialog opened={props.opened} onClose={props.onClose} title={t('needIncident.title')} size="lg">
      <IncidentNeeded {...props} />
    </FormDialog>
  );
}

function IncidentNeeded({ occurredAtMs, place, areaId, onChosen }: IncidentNeededProps) {
  const { t } = useTranslation('review');
  const session = useSession();
  const actions = useCaseActions();
  const mayCreate = session.can('incident.edit');
  const [way, setWay] = useState<'choose' | 'create'>(mayCreate ? 'create' : 'choose');
  return (
    <Stack>
      <Text>{t('needIncident.text')}</Text>
      {mayCreate && (
        <SegmentedControl
          fullWidth
          value={way}
          onChange={(value) => setWay(value === 'create' ? 'create' : 'choose')}
          data={[
            { value: 'create', label: t('needIncident.create') },
            { value: 'choose', label: t('needIncident.choose') },
          ]}
        />
      )}
      {/* Both stay, so that what was typed into one is there when it is chosen again. */}
      {mayCreate && (
        <div hidden={way !== 'create'}>
          <IncidentForm
            brief
            start={{ occurredAtMs, place, areaId: areaId ?? session.account?.areaId ?? undefined }}
            submitLabel={t('needIncident.createSubmit')}
            onSubmit={async (body) => onChosen((await actions.createIncident({ ...body, source: 'camera_event' })).id)}
          />
        </div>
      )}
      <div hidden={way !== 'choose'}>
        <IncidentChoice onChosen={onChosen} />
      </div>
    </Stack>
  );
}

function IncidentChoice({ onChosen }: { onChosen(incidentId: string): void }) {
  const { t } = useTranslation('review');
  const categoryName = useCategoryName();
  const [text, setText] = useState('');
  const [wanted] = useDebouncedValue(text.trim(), 250);
  const found = useQuery({
    queryKey: [...incidentsKey, 'choice', wanted],
    queryFn: ({ signal }) =>
      api.get('/api/incidents', { query: { text: wanted, limit: 20 }, schema: incidentPageResponse, signal }),
  });
  const row = (incident: IncidentResponse) => (
    <UnstyledButton
      key={incident.id}
      onClick={() => onChosen(incident.id)}
      style={{ padding: '10px 8px', borderBottom: '1px solid var(--line)', minHeight: 48 }}
    >
      <Text fw={600}>{`${incident.number} · ${incidentTitle(incident, categoryName)}`}</Text>
      <Text c="dimmed">{`${formatDateTime(incident.occurredAt, 'minute')} · ${incident.place}`}</Text>
    </UnstyledButton>
  );
  return (
    <Stack gap="xs">
      <TextInput
        leftSection={<IconSearch size={18} aria-hidden="true" />}
        placeholder={t('needIncident.search')}
        aria-label={t('needIncident.search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      {found.isPending && <SkeletonList rows={4} height={56} />}
      {found.isError && <ErrorPanel error={found.error} onRetry={() => void found.refetch()} />}
      {found.data?.items.length === 0 && <Text c="dimmed">{t('needIncident.none')}</Text>}
      <Stack gap={0}>{found.data?.items.map(row)}</Stack>
    </Stack>
  );
}
