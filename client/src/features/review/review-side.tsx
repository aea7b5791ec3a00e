import type { IncidentResponse } from '@choi-canh/shared/incidents';
import type { TagResponse } from '@choi-canh/shared/evidence';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconVideo } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ClipCard } from '../../components/clip-card.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { TagList } from '../../components/tag-list.js';
import { useClips, useTags } from '../../lib/cases.js';
import classes from './review.module.css';

/** Clips listed beside the pictures; the incident's page has them all. */
const mostClips = 6;

export interface ReviewSideProps {
  incident: IncidentResponse | undefined;
  cameraNames: string[];
  onChooseCameras(): void;
  onGoToTag(tag: TagResponse): void;
}

/** Beside the player: its cameras, and the tags and clips of the incident. */
export function ReviewSide({ incident, cameraNames, onChooseCameras, onGoToTag }: ReviewSideProps) {
  const { t } = useTranslation('review');
  return (
    <aside className={classes.side} data-testid="review-side">
      {incident && <Clips incidentId={incident.id} />}
      <section className={classes.panel}>
        <Group justify="space-between" mb={4}>
          <Title order={2} fz="md">
            {t('side.cameras')}
          </Title>
          <Button variant="default" leftSection={<IconVideo size={20} />} onClick={onChooseCameras}>
            {t('side.chooseCameras')}
          </Button>
        </Group>
        <Text>{cameraNames.join(', ')}</Text>
      </section>
      {incident ? (
        <Tags incidentId={incident.id} onGoToTag={onGoToTag} />
      ) : (
        <section className={classes.panel}>
          <Text c="dimmed">{t('side.noIncident')}</Text>
        </section>
      )}
    </aside>
  );
}

function Clips({ incidentId }: { incidentId: string }) {
  const { t } = useTranslation('review');
  const clips = useClips(incidentId);
  const section = useRef<HTMLElement>(null);
  const count = clips.data?.length;
  const known = useRef(count);
  useEffect(() => {
    // A new one is brought into view: on a small screen it would be born below the edge.
    if (known.current !== undefined && count !== undefined && count > known.current) {
      section.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    }
    known.current = count;
  }, [count]);
  if (clips.isError) return <ErrorPanel error={clips.error} onRetry={() => void clips.refetch()} />;
  if (clips.data === undefined || clips.data.length === 0) return null;
  return (
    <section ref={section} className={classes.panel} data-testid="review-clips">
      <Title order={2} fz="md" mb="xs">
        {t('side.clips')}
      </Title>
      <Stack gap="xs">
        {clips.data.slice(0, mostClips).map((clip) => (
          <ClipCard key={clip.id} clip={clip} />
        ))}
        {clips.data.length > mostClips && (
          <Button component={Link} variant="subtle" to={`/incidents/${incidentId}`}>
            {t('side.allClips', { count: clips.data.length })}
          </Button>
        )}
      </Stack>
    </section>
  );
}

function Tags({ incidentId, onGoToTag }: { incidentId: string; onGoToTag(tag: TagResponse): void }) {
  const { t } = useTranslation('review');
  const tags = useTags(incidentId);
  return (
    <section className={classes.panel}>
      <Title order={2} fz="md" mb={4}>
        {t('side.tags')}
      </Title>
      {tags.isPending && <SkeletonList rows={3} />}
      {tags.isError && <ErrorPanel error={tags.error} onRetry={() => void tags.refetch()} />}
      {tags.data?.length === 0 && <Text c="dimmed">{t('side.noTags')}</Text>}
      {tags.data && <TagList tags={tags.data} onGo={onGoToTag} />}
    </section>
  );
}
