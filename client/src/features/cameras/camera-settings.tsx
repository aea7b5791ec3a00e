import { cameraResponse, type CameraPatchRequest, type CameraResponse } from '@choi-canh/shared/cameras';
import { Switch, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ConflictPanel } from '../../components/conflict-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { RetentionField, chosenDays, retentionChoice } from '../../components/retention-field.js';
import { RetentionForecast } from '../../components/retention-forecast.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { cameraKey, invalidateCameras } from '../../lib/camera-cache.js';
import { changedFields, isOvertaken } from '../../lib/changed-since.js';
import { notifyDone } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { cureTargets } from './cures.js';

/** Sends a change of a camera and takes the answer into the cache. */
export function usePatchCamera(cameraId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: CameraPatchRequest) => api.patch(`/api/cameras/${cameraId}`, { schema: cameraResponse, body }),
    onSuccess: (camera) => {
      client.setQueryData(cameraKey(cameraId), camera);
      invalidateCameras(client);
      void client.invalidateQueries({ queryKey: ['recorder-retention'] });
    },
  });
}

type CameraSettingValues = Pick<CameraResponse, 'name' | 'place' | 'areaId' | 'enabled' | 'audio' | 'retentionDays'>;
const settingsOf = ({ name, place, areaId, enabled, audio, retentionDays }: CameraResponse): CameraSettingValues => ({
  ...{ name, place, areaId, enabled, audio, retentionDays },
});
const formOf = (camera: CameraResponse) => ({
  ...settingsOf(camera),
  retentionDays: retentionChoice(camera.retentionDays, camera.effectiveRetentionDays),
});

/** Name, place, area, whether it is recorded, with or without sound, and how long its footage is kept. */
export function CameraSettings({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const patch = usePatchCamera(camera.id);
  const session = useSession();
  const { tree } = useAreas();
  const form = useAppForm({
    initial: formOf(camera),
    most: { name: 120, place: 200 },
    draft: { name: 'camera', fields: ['name', 'place', 'areaId'] },
    validate: {
      name: (text) => (text.trim() === '' ? t('errors:fields.name') : undefined),
      retentionDays: ({ kind }) => (kind === 'wrong' ? t('common:retention.wrong') : undefined),
    },
  });
  const { areaId, retentionDays } = form.values;
  const area = tree.byId.get(areaId)?.area;
  const chosen = chosenDays(retentionDays);
  const effectiveDays = chosen === null ? area?.effectiveRetentionDays : chosen;
  const cameraIds = useMemo(() => [camera.id], [camera.id]);
  /** As it was when the form began, or was saved. */
  const [seen, setSeen] = useState(() => settingsOf(camera));
  const [overtaken, setOvertaken] = useState(false);
  const save = async (settings: CameraSettingValues, overwrite: boolean) => {
    if (!overwrite && isOvertaken(seen, settings, settingsOf(camera))) {
      setOvertaken(true);
      return false;
    }
    const saved = await patch.mutateAsync(changedFields(seen, settings));
    setSeen(settingsOf(saved));
    setOvertaken(false);
    notifyDone(t('common:saved'));
    return true;
  };

  return (
    <AppForm
      form={form}
      gap="sm"
      onSubmit={({ retentionDays: kept, ...settings }) => save({ ...settings, retentionDays: chosenDays(kept) }, false)}
      actions={<FormActions submitLabel={t('settings.save')} />}
    >
      <Title order={2} fz="lg">
        {t('settings.title')}
      </Title>
      <TextInput {...form.text('name')} label={t('settings.name')} required />
      <TextInput {...form.text('place')} label={t('settings.place')} placeholder={t('settings.placeExample')} />
      <AreaSelect
        {...form.field('areaId')}
        label={t('settings.area')}
        onChange={(next) => next !== undefined && form.set({ areaId: next })}
      />
      <RetentionField
        {...form.field('retentionDays')}
        inheritLabel={
          area === undefined
            ? t('common:retention.inherit', { days: camera.effectiveRetentionDays })
            : t('common:retention.inheritOf', { area: area.name, days: area.effectiveRetentionDays })
        }
      />
      {effectiveDays !== undefined && session.can('recorder.view') && (
        <RetentionForecast recorderId={camera.recorderId} cameraIds={cameraIds} days={effectiveDays} />
      )}
      <Switch
        {...form.check('enabled')}
        id={cureTargets.enable}
        label={t('settings.enabled')}
        description={t('settings.enabledHint')}
      />
      <Switch {...form.check('audio')} label={t('settings.audio')} description={t('settings.audioHint')} />
      {overtaken && (
        <ConflictPanel
          title={t('settings.changedMeanwhile')}
          onMine={() =>
            form.submit(({ retentionDays: kept, ...settings }) =>
              save({ ...settings, retentionDays: chosenDays(kept) }, true),
            )()
          }
          onTheirs={() => {
            setSeen(settingsOf(camera));
            setOvertaken(false);
            form.reset(formOf(camera));
          }}
        />
      )}
    </AppForm>
  );
}
