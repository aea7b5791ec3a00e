import type { UnknownHold } from '@choi-canh/shared/evidence';
import { incidentPageResponse } from '@choi-canh/shared/incidents';
import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { ApiError } from '../../lib/api-error.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';

interface AssignHoldProps {
  hold: UnknownHold | undefined;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** Says by its number for which incident footage is held. */
export function AssignHold({ hold, onClose, onDone }: AssignHoldProps) {
  const { t } = useTranslation('recorders');
  return (
    <FormDialog opened={hold !== undefined} onClose={onClose} title={t('unknownHolds.assignTitle')} size="md">
      {hold !== undefined && <AssignForm hold={hold} onClose={onClose} onDone={onDone} />}
    </FormDialog>
  );
}

function AssignForm({ hold, onClose, onDone }: AssignHoldProps & { hold: UnknownHold }) {
  const { t } = useTranslation('recorders');
  const form = useAppForm({
    initial: { number: hold.incidentNumber },
    most: { number: 60 },
    validate: { number: (text) => (text.trim() === '' ? t('unknownHolds.numberMissing') : undefined) },
    serverFields: { incident_number_unknown: 'number' },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ number }) => {
        const incident = await incidentOf(number.trim());
        await api.post(`/api/unknown-holds/${hold.id}/assign`, { body: { incidentId: incident.id } });
        notifyDone(t('unknownHolds.assigned', { number: incident.number }));
        await onDone();
        onClose();
      }}
      actions={<FormActions submitLabel={t('unknownHolds.assign')} />}
    >
      <TextInput {...form.text('number')} label={t('unknownHolds.number')} data-autofocus required />
    </AppForm>
  );
}

/** @throws ApiError `incident_number_unknown` */
async function incidentOf(number: string) {
  const query = new URLSearchParams({ text: number, limit: '50' });
  const { items } = await api.get(`/api/incidents?${query.toString()}`, { schema: incidentPageResponse });
  const found = items.find((incident) => incident.number.toLocaleLowerCase() === number.toLocaleLowerCase());
  if (found === undefined) {
    throw new ApiError({
      ...{ kind: 'not_found', code: 'incident_number_unknown', message: 'no incident has this number' },
      fields: [{ path: 'number', message: 'unknown' }],
    });
  }
  return found;
}
