import type { IncidentResponse } from '@choi-canh/shared/incidents';
import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { incidentTitle, useCategoryName } from '../../lib/cases.js';
import { formatDateTime } from '../../lib/time.js';

/** "2026/CĐ-0147 · Tai nạn giao thông · 14:30 22/11 · Ngã ba chợ" */
export function IncidentLine({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('review');
  const categoryName = useCategoryName();
  return (
    <Text span>
      <Anchor
        component={Link}
        to={`/incidents/${incident.id}`}
        fw={600}
        aria-label={t('openIncident', { number: incident.number })}
      >
        {incident.number}
      </Anchor>
      {` · ${incidentTitle(incident, categoryName)} · ${formatDateTime(incident.occurredAt, 'minute')} · ${incident.place}`}
    </Text>
  );
}
