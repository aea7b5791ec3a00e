import { cameraResponse, type CameraPatchRequest, type CameraResponse } from '@choi-canh/shared/cameras';
import { Button, Group, NumberInput, Stack, Switch, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/cameras.js';
import { fieldErrors } from '../../lib/error-text.js';
import { notifyDone } from '../../lib/notify.js';

/** Sends a change of a camera and takes the answer into the cache. */
export function usePatchCamera(cameraId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: CameraPatchRequest) => api.patch(`/api/cameras/${cameraId}`, { schema: cameraResponse, body }),
    onSuccess: (camera) => {
      client.setQueryData(cameraKey(cameraId), camera);
      invalidateCameras(client);
    },
  });
}

/** Name, place, area, whether it is recorded and how long its footage is kept. */
export function CameraSettings({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const patch = usePatchCamera(camera.id);
  const [form, setForm] = useState({
    name: camera.name,
    place: camera.place,
    areaId: camera.areaId,
    enabled: camera.enabled,
    retentionDays: camera.retentionDays as number | string,
  });
  const fields = fieldErrors(patch.error);
  const days = Number(form.retentionDays);
  const badDays = !Number.isInteger(days) || days < 1 || days > 3650;

  const save = () => {
    if (badDays || form.name.trim() === '') return;
    patch.mutate({ ...form, retentionDays: days }, { onSuccess: () => notifyDone(t('common:saved')) });
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
        <NumberInput
          label={t('settings.retentionDays')}
          description={t('settings.retentionHint')}
          value={form.retentionDays}
          onChange={(retentionDays) => setForm({ ...form, retentionDays })}
          min={1}
          max={3650}
          allowDecimal={false}
          error={badDays ? t('errors:fields.retentionDays') : fields['retentionDays']}
        />
        <Switch
          label={t('settings.enabled')}
          description={t('settings.enabledHint')}
          checked={form.enabled}
          onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })}
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
