import type { IncidentResponse, IncidentState } from '@choi-canh/shared/incidents';
import { Badge, Group } from '@mantine/core';
import { IconVideo } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

const colours: Record<IncidentState, string> = {
  new: 'blue',
  under_review: 'yellow',
  resolved: 'teal',
  unresolved: 'orange',
  unfounded: 'gray',
};
/** Each state has its shape, so that colour is never alone. */
const shapes: Record<IncidentState, string> = {
  new: '◇',
  under_review: '◔',
  resolved: '●',
  unresolved: '▲',
  unfounded: '◌',
};

export function IncidentStateMark({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  return (
    <Group gap={6}>
      <Badge
        size="lg"
        variant="light"
        color={colours[incident.state]}
        tt="none"
        fz={14}
        fw={600}
        style={{ color: 'var(--mantine-color-text)' }}
      >
        {`${shapes[incident.state]} ${t(`states.${incident.state}`)}`}
      </Badge>
      {incident.resolvedByFootage && (
        <Badge
          size="lg"
          variant="filled"
          color="teal.9"
          tt="none"
          fz={14}
          leftSection={<IconVideo size={16} aria-hidden="true" />}
          data-testid="resolved-by-footage"
        >
          {t('byFootage')}
        </Badge>
      )}
    </Group>
  );
}
