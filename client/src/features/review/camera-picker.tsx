import { Badge, Checkbox, Group, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { StateBadge } from '../../components/state-badge.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { useAreas } from '../../lib/areas.js';
import { cameraTexts, matchesCamera } from '../../lib/camera-search.js';
import { useReviewableCameras } from '../../lib/cameras.js';
import { useRovingFocus } from '../../lib/roving-focus.js';
import { rankCameras, type CameraHints } from './rank-cameras.js';
import { mostCameras } from './review-address.js';
import classes from './review-setup.module.css';

export interface CameraPickerProps {
  chosen: readonly string[];
  onChange(cameraIds: string[]): void;
  hints: CameraHints;
}

/** Rows that are shown at once; the rest is found by typing. */
const mostRows = 80;

/** Up to four cameras; those of the incident, then those named like its place come first. */
export function CameraPicker({ chosen, onChange, hints }: CameraPickerProps) {
  const { t } = useTranslation('review');
  const cameras = useReviewableCameras();
  const area = useAreaFilter();
  const { tree } = useAreas();
  const [text, setText] = useState('');
  const hintId = useId();
  const ranked = useMemo(
    () =>
      rankCameras(
        (cameras.data?.items ?? []).filter((camera) => area.includes(camera.areaId) || chosen.includes(camera.id)),
        hints,
      ),
    [cameras.data, area, hints, chosen],
  );
  const matching = useMemo(
    () =>
      ranked.filter(({ camera }) =>
        matchesCamera(cameraTexts(camera, tree.byId.get(camera.areaId)?.area.name ?? ''), text),
      ),
    [ranked, text, tree],
  );

  const full = chosen.length >= mostCameras;
  const rows = matching.slice(0, mostRows);
  const roving = useRovingFocus(rows.map(({ camera }) => camera.id).filter((id) => !full || chosen.includes(id)));

  if (cameras.isPending) return <SkeletonList rows={5} height={52} />;
  if (cameras.data === undefined) return <ErrorPanel error={cameras.error} onRetry={() => void cameras.refetch()} />;
  if (cameras.data.items.length === 0) {
    return <EmptyState title={t('picker.noneTitle')} text={t('picker.noneText')} />;
  }
  const toggle = (id: string) =>
    onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(0, mostCameras));
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Text fw={600}>{t('picker.title')}</Text>
        <Text c="dimmed">{t('picker.chosen', { count: chosen.length, most: mostCameras })}</Text>
      </Group>
      <TextInput
        leftSection={<IconSearch size={18} aria-hidden="true" />}
        placeholder={t('picker.search')}
        aria-label={t('picker.search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div
        className={classes.pickerList}
        role="group"
        aria-label={t('picker.title')}
        aria-describedby={hintId}
        {...roving.list}
      >
        {rows.map(({ camera, proposedFor }) => (
          <label key={camera.id} className={classes.pickerRow} data-testid={`review-pick-${camera.id}`}>
            <Checkbox
              data-rove={camera.id}
              tabIndex={roving.tabIndexOf(camera.id)}
              checked={chosen.includes(camera.id)}
              disabled={full && !chosen.includes(camera.id)}
              onChange={() => toggle(camera.id)}
            />
            <span className={classes.pickerName}>
              <Text span fw={500} display="block">
                {camera.name}
              </Text>
              {camera.place !== '' && (
                <Text span c="dimmed" fz={14} display="block">
                  {camera.place}
                </Text>
              )}
            </span>
            {proposedFor && (
              <Badge variant="light" className={classes.pickerBadge ?? ''}>
                {t(`picker.proposedFor.${proposedFor}`)}
              </Badge>
            )}
            <StateBadge state={camera.state} compact />
          </label>
        ))}
        {matching.length === 0 && (
          <Text p="md" c="dimmed">
            {t('picker.noMatch')}
          </Text>
        )}
      </div>
      <VisuallyHidden id={hintId}>{t('picker.keys')}</VisuallyHidden>
      {matching.length > mostRows && (
        <Text c="dimmed" fz={14}>
          {t('picker.more', { count: matching.length - mostRows })}
        </Text>
      )}
      {full && (
        <Text c="dimmed" fz={14}>
          {t('picker.full', { most: mostCameras })}
        </Text>
      )}
    </Stack>
  );
}
