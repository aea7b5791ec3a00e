import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Group, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/** Networks that may be searched: the recorder's own, and what administrators added, which are offered to choose. */
export function SearchableNetworks({
  recorder,
  chosen,
  onChoose,
}: {
  recorder: RecorderResponse;
  chosen: readonly string[];
  onChoose: (range: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const { networks, scanRanges } = recorder;
  const offered = scanRanges.filter((range) => !chosen.includes(range));
  return (
    <>
      <Text size="sm" c="dimmed">
        {networks.length === 0 ? t('add.noNetworks') : t('add.networks', { networks: networks.join(', ') })}
      </Text>
      {offered.length > 0 && (
        <Group gap="xs">
          <Text size="sm">{t('add.chooseRange')}</Text>
          {offered.map((range) => (
            <Button
              key={range}
              variant="default"
              h={40}
              px="sm"
              leftSection={<IconPlus size={16} />}
              onClick={() => onChoose(range)}
            >
              {range}
            </Button>
          ))}
        </Group>
      )}
    </>
  );
}
