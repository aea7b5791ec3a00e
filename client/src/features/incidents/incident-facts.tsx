import type { IncidentCreateRequest, IncidentResponse } from '@choi-canh/shared/incidents';
import { Button, Group, Stack, Title } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../components/form/form-dialog.js';
import { draftOf, IncidentForm } from '../../components/incident-form.js';
import { Instant } from '../../components/instant.js';
import { useAreas } from '../../lib/areas.js';
import { useCategoryName } from '../../lib/cases.js';
import { notifyDone, notifyError } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { ConflictPanel } from '../../components/conflict-panel.js';
import classes from './incidents.module.css';
import { useIncidentPatch } from './use-incident-patch.js';

export function IncidentFacts({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const categoryName = useCategoryName();
  const { tree } = useAreas();
  const [editing, setEditing] = useState(false);
  return (
    <section className={classes.panel}>
      <Group justify="space-between" mb="sm">
        <Title order={2} fz="lg">
          {t('page.facts')}
        </Title>
        {session.can('incident.edit') && (
          <Button variant="default" leftSection={<IconPencil size={18} />} onClick={() => setEditing(true)}>
            {t('page.edit')}
          </Button>
        )}
      </Group>
      <dl className={classes.facts}>
        <dt>{t('page.occurredAt')}</dt>
        <dd>
          <Instant at={incident.occurredAt} />
        </dd>
        <dt>{t('page.place')}</dt>
        <dd>{incident.place}</dd>
        <dt>{t('page.category')}</dt>
        <dd>{categoryName(incident.category)}</dd>
        <dt>{t('page.source')}</dt>
        <dd>{t(`sources.${incident.source}`)}</dd>
        <dt>{t('page.area')}</dt>
        <dd>{tree.byId.get(incident.areaId)?.path.join(' › ') ?? '–'}</dd>
        <dt>{t('page.description')}</dt>
        <dd>{incident.description === '' ? t('page.noDescription') : incident.description}</dd>
        <dt>{t('page.createdBy')}</dt>
        <dd>
          {incident.createdByName} · <Instant at={incident.createdAt} relative />
        </dd>
      </dl>
      <FormDialog opened={editing} onClose={() => setEditing(false)} title={t('page.edit')} size="lg">
        {editing && <EditForm incident={incident} onDone={() => setEditing(false)} />}
      </FormDialog>
    </section>
  );
}

function EditForm({ incident, onDone }: { incident: IncidentResponse; onDone(): void }) {
  const { t } = useTranslation('incidents');
  const patch = useIncidentPatch(incident);
  const [mine, setMine] = useState<IncidentCreateRequest>();
  const [taken, setTaken] = useState(0);
  const save = async (body: IncidentCreateRequest, overwrite = false): Promise<boolean> => {
    setMine(body);
    // The area gave the incident its number and stays.
    const { areaId: _areaId, ...changes } = body;
    if (!(await patch.save(changes, overwrite))) return false;
    notifyDone(t('page.saved'));
    onDone();
    return true;
  };
  return (
    <Stack>
      {patch.conflict && mine && (
        <ConflictPanel
          title={t('conflict.title')}
          onMine={() => void save(mine, true).catch(notifyError)}
          onTheirs={() => {
            patch.accept();
            setTaken(taken + 1);
          }}
        />
      )}
      <IncidentForm
        key={taken}
        fixedArea
        start={draftOf(incident)}
        submitLabel={t('form.save')}
        onSubmit={(body) => save(body)}
      />
    </Stack>
  );
}
