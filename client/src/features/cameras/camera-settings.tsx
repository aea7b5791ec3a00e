import { cameraResponse, type CameraPatchRequest, type CameraResponse } from '@choi-canh/shared/cameras';
import { Button, Group, Stack, Switch, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { RetentionField, chosenDays } from '../../components/retention-field.js';
import { RetentionForecast } from '../../components/retention-forecast.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { cameraKey, invalidateCameras } from '../../lib/cameras.js';
import { fieldErrors } from '../../lib/error-text.js';
import { notifyDone } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';

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

/** Name, place, area, whether it is recorded, with or without sound, and how long its footage is kept. */
export function CameraSettings({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const patch = usePatchCamera(camera.id);
  const [form, setForm] = useState({
    name: camera.name,
    place: camera.place,
    areaId: camera.areaId,
    enabled: camera.enabled,
    audio: camera.audio,
  });
  const session = useSession();
  const { tree } = useAreas();
  const [retention, setRetention] = useState({
    own: camera.retentionDays !== null,
    days: (camera.retentionDays ?? camera.effectiveRetentionDays) as number | string,
  });
  const fields = fieldErrors(patch.error);
  const area = tree.byId.get(form.areaId)?.area;
  const retentionDays = chosenDays(retention);
  const effectiveDays = retentionDays === null ? area?.effectiveRetentionDays : retentionDays;
  const cameraIds = useMemo(() => [camera.id], [camera.id]);

  const save = () => {
    if (retentionDays === undefined || form.name.trim() === '') return;
    patch.mutate({ ...form, retentionDays }, { onSuccess: () => notifyDone(t('common:saved')) });
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="sm">
        <Title order={2} fz="lg">
          {t('settings.title')}
        </Title>
        <TextInput
          label={t('settings.name')}
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          error={form.name.trim() === '' ? t('errors:fields.name') : fields['name']}
          maxLength={120}
          required
        />
        <TextInput
          label={t('settings.place')}
          placeholder={t('settings.placeExample')}
          value={form.place}
          onChange={(event) => setForm({ ...form, place: event.currentTarget.value })}
          error={fields['place']}
          maxLength={200}
        />
        <AreaSelect
          label={t('settings.area')}
          value={form.areaId}
          onChange={(areaId) => areaId !== undefined && setForm({ ...form, areaId })}
          error={fields['areaId']}
        />
        <RetentionField
          inheritLabel={
            area === undefined
              ? t('common:retention.inherit', { days: camera.effectiveRetentionDays })
              : t('common:retention.inheritOf', { area: area.name, days: area.effectiveRetentionDays })
          }
          choice={retention}
          onChange={setRetention}
          error={fields['retentionDays']}
        />
        {effectiveDays !== undefined && session.can('recorder.view') && (
          <RetentionForecast recorderId={camera.recorderId} cameraIds={cameraIds} days={effectiveDays} />
        )}
        <Switch
          label={t('settings.enabled')}
          description={t('settings.enabledHint')}
          checked={form.enabled}
          onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })}
        />
        <Switch
          label={t('settings.audio')}
          description={t('settings.audioHint')}
          checked={form.audio}
          onChange={(event) => setForm({ ...form, audio: event.currentTarget.checked })}
        />
        {patch.isError && <ErrorPanel error={patch.error} />}
        <Group>
          <Button type="submit" loading={patch.isPending}>
            {t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
