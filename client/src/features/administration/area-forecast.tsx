import { Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { RetentionForecast } from '../../components/retention-forecast.js';
import { inheritingCameras, type AreaTree } from '../../lib/areas.js';
import { useCameras } from '../../lib/cameras.js';
import { useRecorders } from '../../lib/recorders.js';

/** What keeping an area's footage for so many days would mean for its cameras, at each recorder that has some of them. */
export function AreaForecast({ areaId, tree, days }: { areaId: string; tree: AreaTree; days: number }) {
  const { t } = useTranslation();
  const cameras = useCameras();
  const recorders = useRecorders();
  const byRecorder = useMemo(() => {
    const groups = new Map<string, string[]>();
    for (const camera of inheritingCameras(tree, cameras.data?.items ?? [], areaId)) {
      groups.set(camera.recorderId, [...(groups.get(camera.recorderId) ?? []), camera.id]);
    }
    return [...groups];
  }, [tree, cameras.data, areaId]);

  if (cameras.data === undefined) return <Text c="dimmed">{t('forecast.waiting')}</Text>;
  if (byRecorder.length === 0) return <Text c="dimmed">{t('forecast.nothingAffected')}</Text>;
  return (
    <Stack gap="sm">
      {byRecorder.map(([recorderId, cameraIds]) => (
        <RetentionForecast
          key={recorderId}
          recorderId={recorderId}
          recorderName={
            byRecorder.length > 1 ? recorders.data?.items.find((one) => one.id === recorderId)?.name : undefined
          }
          cameraIds={cameraIds}
          days={days}
        />
      ))}
    </Stack>
  );
}
