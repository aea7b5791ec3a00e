import { Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import type { CameraResponse } from '@choi-canh/shared/cameras';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAreas } from '../lib/areas.js';
import { cameraTexts, matchesCamera } from '../lib/camera-search.js';
import { useRovingFocus } from '../lib/roving-focus.js';
import { useVirtualList } from '../lib/virtual-list.js';
import classes from './camera-picker.module.css';
import { StateBadge } from './state-badge.js';

const rowPx = 56;

/** Cameras to tick, found by typing; `most` bounds how many. Order of `value` is the order of ticking. */
export function CameraPicker({
  cameras,
  value,
  onChange,
  most,
}: {
  cameras: readonly CameraResponse[];
  value: readonly string[];
  onChange: (cameraIds: string[]) => void;
  most: number;
}) {
  const { t } = useTranslation();
  const { tree } = useAreas();
  const [text, setText] = useState('');
  const scroller = useRef<HTMLDivElement>(null);
  const shown = useMemo(
    () =>
      cameras.filter((camera) =>
        matchesCamera(cameraTexts(camera, tree.byId.get(camera.areaId)?.area.name ?? ''), text),
      ),
    [cameras, text, tree],
  );
  const virtual = useVirtualList({ count: shown.length, rowPx, scroller, overscan: 8 });
  const chosen = new Set(value);
  const roving = useRovingFocus(
    virtual.getVirtualItems().flatMap(({ index }) => {
      const id = shown[index]?.id;
      return id !== undefined && (value.length < most || chosen.has(id)) ? [id] : [];
    }),
  );
  const toggle = (id: string) => onChange(chosen.has(id) ? value.filter((other) => other !== id) : [...value, id]);

  return (
    <Stack gap="xs" className={classes.picker}>
      <TextInput
        leftSection={<IconSearch size={18} aria-hidden="true" />}
        placeholder={t('common:picker.search')}
        aria-label={t('common:picker.search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <Text size="sm" c="dimmed" role="status">
        {t('common:picker.chosen', { chosen: value.length, most })}
      </Text>
      {shown.length === 0 && <Text py="md">{t('common:picker.none')}</Text>}
      <div ref={scroller} className={classes.scroller}>
        <div
          role="group"
          aria-label={t('common:picker.label')}
          style={{ height: virtual.getTotalSize(), position: 'relative' }}
          {...roving.list}
        >
          {virtual.getVirtualItems().map((row) => {
            const camera = shown[row.index];
            if (camera === undefined) return null;
            return (
              <label
                key={camera.id}
                className={classes.row}
                style={{ height: rowPx, transform: `translateY(${row.start}px)` }}
              >
                <Checkbox
                  data-rove={camera.id}
                  tabIndex={roving.tabIndexOf(camera.id)}
                  checked={chosen.has(camera.id)}
                  disabled={!chosen.has(camera.id) && value.length >= most}
                  onChange={() => toggle(camera.id)}
                />
                <StateBadge state={camera.state} compact />
                <Stack gap={0} style={{ minWidth: 0, flex: 1 }}>
                  <Text truncate fw={500}>
                    {camera.name}
                  </Text>
                  <Group gap={6} wrap="nowrap">
                    <Text size="sm" c="dimmed" truncate>
                      {[camera.place, tree.byId.get(camera.areaId)?.area.name].filter(Boolean).join(' · ')}
                    </Text>
                  </Group>
                </Stack>
              </label>
            );
          })}
        </div>
      </div>
    </Stack>
  );
}
