import { ActionIcon, Button, Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconMaximize, IconPlaylistAdd, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { wallSizes, type WallSize } from './wall-address.js';

export interface LiveToolbarProps {
  size: WallSize;
  onSize: (size: WallSize) => void;
  page: number;
  pages: number;
  /** Index of the first tile and how many cameras there are. */
  first: number;
  shown: number;
  total: number;
  onPage: (page: number) => void;
  chosen: boolean;
  onChoose: () => void;
  onClearChosen: () => void;
  onFullScreen: () => void;
}

export function LiveToolbar(props: LiveToolbarProps) {
  const { t } = useTranslation('live');
  return (
    <Group gap="sm">
      <SegmentedControl
        aria-label={t('tiles')}
        value={String(props.size)}
        onChange={(value) => props.onSize(wallSizes.find((size) => String(size) === value) ?? 9)}
        data={wallSizes.map((size) => ({ value: String(size), label: String(size) }))}
      />
      <Group gap={4} wrap="nowrap" role="group" aria-label={t('pages')}>
        <ActionIcon
          variant="default"
          aria-label={t('previousPage')}
          disabled={props.page <= 1}
          onClick={() => props.onPage(props.page - 1)}
        >
          <IconChevronLeft size={20} />
        </ActionIcon>
        <Text px={4} style={{ whiteSpace: 'nowrap' }} role="status">
          {t('range', { first: props.first + 1, last: props.first + props.shown, total: props.total })}
        </Text>
        <ActionIcon
          variant="default"
          aria-label={t('nextPage')}
          disabled={props.page >= props.pages}
          onClick={() => props.onPage(props.page + 1)}
        >
          <IconChevronRight size={20} />
        </ActionIcon>
      </Group>
      <Button variant="default" leftSection={<IconPlaylistAdd size={20} />} onClick={props.onChoose}>
        {t('choose')}
      </Button>
      {props.chosen && (
        <Button variant="subtle" leftSection={<IconX size={18} />} onClick={props.onClearChosen}>
          {t('showAll')}
        </Button>
      )}
      <Tooltip label={t('fullScreen')}>
        <ActionIcon variant="default" visibleFrom="sm" aria-label={t('fullScreen')} onClick={props.onFullScreen}>
          <IconMaximize size={20} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
