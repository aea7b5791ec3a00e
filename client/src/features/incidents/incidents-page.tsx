import { incidentPageResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconFolderPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { FormDialog } from '../../components/form/form-dialog.js';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { IncidentForm } from '../../components/incident-form.js';
import { Instant } from '../../components/instant.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { incidentsKey, incidentTitle, useCaseActions, useCategoryName, useIncidentEvents } from '../../lib/cases.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { useUrlState } from '../../lib/url-state.js';
import { countFilters, readIncidentFilters, writeIncidentFilters, type IncidentFilters } from './incident-filters.js';
import { IncidentFilterBar } from './incident-filter-bar.js';
import { IncidentStateMark } from './incident-state-mark.js';
import classes from './incidents.module.css';

const pageSize = 50;

/** Incidents of the area, newest first. */
export function IncidentsPage() {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const navigate = useNavigate();
  const actions = useCaseActions();
  const { search, change } = useUrlState();
  const { areaId } = useAreaFilter();
  const filters = useMemo(() => readIncidentFilters(search), [search]);
  const [creating, setCreating] = useState(false);
  useIncidentEvents();

  const query = { ...writeIncidentFilters(filters), areaId };
  const incidents = useInfiniteQuery({
    queryKey: [...incidentsKey, query],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/incidents', {
        query: { ...query, cursor: pageParam, limit: pageSize },
        schema: incidentPageResponse,
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const rows = incidents.data?.pages.flatMap((page) => page.items) ?? [];
  const setFilters = (next: IncidentFilters) => change(writeIncidentFilters(next));
  const mayCreate = session.can('incident.edit');
  const createButton = mayCreate && (
    <Button
      h={48}
      fz="lg"
      leftSection={<IconFolderPlus size={22} />}
      onClick={() => setCreating(true)}
      data-testid="incident-create"
    >
      {t('create')}
    </Button>
  );

  return (
    <>
      <PageHeader sticky title={t('title')} description={t('intro')} actions={createButton} />
      <Stack>
        <IncidentFilterBar filters={filters} onChange={setFilters} />
        {incidents.isPending ? (
          <SkeletonList rows={8} height={64} />
        ) : incidents.data === undefined ? (
          <ErrorPanel error={incidents.error} onRetry={() => void incidents.refetch()} />
        ) : rows.length === 0 ? (
          countFilters(filters) > 0 ? (
            <EmptyState
              title={t('list.noMatchTitle')}
              text={t('list.noMatchText')}
              action={
                <Button variant="default" onClick={() => setFilters({})}>
                  {t('filters.clear')}
                </Button>
              }
            />
          ) : (
            <EmptyState
              title={t('list.emptyTitle')}
              text={t('list.emptyText')}
              icon={<IconFolderPlus size={48} stroke={1.4} />}
              action={createButton}
            />
          )
        ) : (
          <>
            <ul className={classes.list} aria-label={t('list.label')}>
              {rows.map((incident) => (
                <li key={incident.id}>
                  <IncidentRow incident={incident} />
                </li>
              ))}
            </ul>
            <Group justify="space-between">
              <Text c="dimmed">{t('list.count', { count: rows.length })}</Text>
              {incidents.hasNextPage && (
                <Button
                  variant="default"
                  loading={incidents.isFetchingNextPage}
                  onClick={() => void incidents.fetchNextPage()}
                >
                  {t('common:actions.loadMore')}
                </Button>
              )}
            </Group>
          </>
        )}
      </Stack>
      <FormDialog opened={creating} onClose={() => setCreating(false)} title={t('createTitle')} size="lg">
        <IncidentForm
          start={{ occurredAtMs: nowToTheMinute(), areaId: areaId ?? session.account?.areaId ?? undefined }}
          submitLabel={t('createSubmit')}
          onSubmit={async (body) => {
            const incident = await actions.createIncident(body);
            await navigate(`/incidents/${incident.id}`);
          }}
        />
      </FormDialog>
    </>
  );
}

function nowToTheMinute(): number {
  return Math.floor(serverNowMs() / 60_000) * 60_000;
}

function IncidentRow({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const categoryName = useCategoryName();
  const counts = [
    incident.tagCount > 0 && t('list.tags', { count: incident.tagCount }),
    incident.clipCount > 0 && t('list.clips', { count: incident.clipCount }),
  ].filter((text) => text !== false);
  return (
    <Link to={`/incidents/${incident.id}`} className={classes.row ?? ''} data-testid={`incident-${incident.id}`}>
      <span className={classes.number}>{incident.number}</span>
      <span className={classes.what}>
        <Text span fw={600} display="block">
          {incidentTitle(incident, categoryName)}
        </Text>
        <Text span display="block" c="dimmed">
          {[incident.place, incident.title !== '' && categoryName(incident.category), ...counts]
            .filter((text) => text !== false)
            .join(' · ')}
        </Text>
      </span>
      <span className={classes.when}>
        <Instant at={incident.occurredAt} precision="minute" />
      </span>
      <span className={classes.marks}>
        <IncidentStateMark incident={incident} />
      </span>
    </Link>
  );
}
