import type { IncidentResponse } from '@choi-canh/shared/incidents';
import { Anchor, Button, Stack, Text, Title } from '@mantine/core';
import { IconArrowLeft, IconHistory, IconPrinter } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { ClipCard } from '../../components/clip-card.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { TagList } from '../../components/tag-list.js';
import { UndoArea } from '../../components/undo-area.js';
import { isMissing } from '../../lib/api-error.js';
import { incidentTitle, useCategoryName, useClips, useIncident, useIncidentEvents, useTags } from '../../lib/cases.js';
import { useSession } from '../../lib/session.js';
import { IncidentFacts } from './incident-facts.js';
import { IncidentHolds } from './incident-holds.js';
import { IncidentOutcome } from './incident-outcome.js';
import { IncidentSheet } from './incident-sheet.js';
import { IncidentStateMark } from './incident-state-mark.js';
import classes from './incidents.module.css';

/** One incident: its facts, what footage shows of it, what was cut from it, and how it ended. */
export function IncidentPage() {
  const { incidentId = '' } = useParams();
  const { t } = useTranslation('incidents');
  const incident = useIncident(incidentId);
  useIncidentEvents();
  return (
    <>
      <Anchor component={Link} to="/incidents" style={{ display: 'inline-flex', gap: 6, minHeight: 40 }}>
        <IconArrowLeft size={20} aria-hidden="true" />
        {t('page.back')}
      </Anchor>
      {incident.isPending ? (
        <SkeletonList rows={6} height={72} />
      ) : incident.data ? (
        <IncidentDetails incident={incident.data} />
      ) : (
        <>
          <PageHeader title={isMissing(incident.error) ? t('missing') : t('title')} />
          <ErrorPanel error={incident.error} onRetry={() => void incident.refetch()} />
        </>
      )}
    </>
  );
}

function IncidentDetails({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const categoryName = useCategoryName();
  const tags = useTags(incident.id);
  const reviewAddress = `/review?incident=${incident.id}&at=${incident.occurredAt}`;
  return (
    <>
      <PageHeader
        title={`${incident.number} · ${incidentTitle(incident, categoryName)}`}
        description={<IncidentStateMark incident={incident} />}
        actions={
          <>
            <Button
              variant="default"
              h={52}
              leftSection={<IconPrinter size={20} />}
              onClick={() => window.print()}
              data-testid="incident-print"
            >
              {t('page.print')}
            </Button>
            {session.can('footage.open') && (
              <Button
                component={Link}
                to={reviewAddress}
                h={52}
                fz="lg"
                leftSection={<IconHistory size={24} />}
                data-testid="incident-review"
              >
                {t('page.review')}
              </Button>
            )}
          </>
        }
      />
      <div className={classes.columns}>
        <div className={classes.column}>
          <IncidentFacts incident={incident} />
          <Tags incident={incident} />
          <Clips incident={incident} />
        </div>
        <div className={classes.column}>
          <IncidentOutcome key={incident.id} incident={incident} tags={tags.data ?? []} />
          <IncidentHolds incidentId={incident.id} />
        </div>
      </div>
      <IncidentSheet incident={incident} />
    </>
  );
}

function useGoToReview(incidentId: string) {
  const navigate = useNavigate();
  return (cameraId: string, from: string, to: string) => {
    const query = new URLSearchParams({ incident: incidentId, cams: cameraId, at: from, in: from, out: to });
    void navigate(`/review?${query}`);
  };
}

function Tags({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const tags = useTags(incident.id);
  const go = useGoToReview(incident.id);
  return (
    <section className={classes.panel}>
      <Title order={2} fz="lg" mb="xs">
        {t('tags.title')}
      </Title>
      {tags.isPending && <SkeletonList rows={2} height={56} />}
      {tags.isError && <ErrorPanel error={tags.error} onRetry={() => void tags.refetch()} />}
      {tags.data?.length === 0 && <Text c="dimmed">{t('tags.empty')}</Text>}
      {tags.data && (
        <UndoArea>
          <TagList tags={tags.data} onGo={(tag) => go(tag.cameraId, tag.from, tag.to)} />
        </UndoArea>
      )}
    </section>
  );
}

function Clips({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const clips = useClips(incident.id);
  const go = useGoToReview(incident.id);
  return (
    <section className={classes.panel}>
      <Title order={2} fz="lg" mb="xs">
        {t('clips.title')}
      </Title>
      {clips.isPending && <SkeletonList rows={2} height={72} />}
      {clips.isError && <ErrorPanel error={clips.error} onRetry={() => void clips.refetch()} />}
      {clips.data?.length === 0 && <Text c="dimmed">{t('clips.empty')}</Text>}
      <Stack gap="sm">
        {clips.data?.map((clip) =>
          session.can('footage.open') ? (
            <ClipCard key={clip.id} clip={clip} onReview={() => go(clip.cameraId, clip.from, clip.to)} />
          ) : (
            <ClipCard key={clip.id} clip={clip} />
          ),
        )}
      </Stack>
    </section>
  );
}
