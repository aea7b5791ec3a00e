import { ActionIcon, Button, Card, Group, Menu, Table, Text } from '@mantine/core';
import { IconBuildingCommunity, IconDots, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { areasKey, useAreas, type AreaNode } from '../../lib/areas.js';
import { useNames } from '../../lib/names.js';
import { notifyDone } from '../../lib/notify.js';
import { AreaDialog, type AreaDialogTarget } from './area-dialog.js';

/** The administrative tree: it changes by law every few years, so every node can be renamed and moved. */
export function AreasPage() {
  const { t } = useTranslation('administration');
  const client = useQueryClient();
  const areas = useAreas();
  const { levelName } = useNames();
  const [edited, setEdited] = useState<AreaDialogTarget>();
  const [deleted, setDeleted] = useState<AreaNode>();
  const { flat } = areas.tree;
  const addFirst = () => setEdited({ kind: 'create', parentId: null });

  return (
    <>
      <PageHeader
        sticky
        title={t('areas.title')}
        description={t('areas.text')}
        actions={
          <Button leftSection={<IconPlus size={20} />} onClick={addFirst}>
            {t('areas.addRoot')}
          </Button>
        }
      />
      {areas.isPending ? (
        <SkeletonList rows={8} />
      ) : areas.data === undefined ? (
        <ErrorPanel error={areas.error} onRetry={() => void areas.refetch()} />
      ) : flat.length === 0 ? (
        <EmptyState
          icon={<IconBuildingCommunity size={44} stroke={1.4} />}
          title={t('areas.empty.title')}
          text={t('areas.empty.text')}
          action={
            <Button mt="sm" onClick={addFirst}>
              {t('areas.addRoot')}
            </Button>
          }
        />
      ) : (
        <Card withBorder padding={0}>
          <Table.ScrollContainer minWidth={0}>
            <Table highlightOnHover verticalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('areas.name')}</Table.Th>
                  <Table.Th visibleFrom="sm">{t('areas.level')}</Table.Th>
                  <Table.Th visibleFrom="sm">{t('areas.code')}</Table.Th>
                  <Table.Th visibleFrom="sm">{t('areas.retention')}</Table.Th>
                  <Table.Th ta="right">{t('areas.cameras')}</Table.Th>
                  <Table.Th w={56} aria-label={t('areas.actions')} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {flat.map((node) => (
                  <Table.Tr key={node.area.id}>
                    <Table.Td>
                      <Text pl={{ base: node.depth * 14, sm: node.depth * 28 }} fw={node.depth === 0 ? 600 : 400}>
                        {node.depth > 0 && (
                          <Text span c="dimmed" aria-hidden="true">
                            {'└ '}
                          </Text>
                        )}
                        {node.area.name}
                      </Text>
                      {/* On a phone there is no room for a column of its own. */}
                      <Text hiddenFrom="sm" size="sm" c="dimmed" pl={node.depth * 14}>
                        {levelName(node.area.level)}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="sm">{levelName(node.area.level)}</Table.Td>
                    <Table.Td visibleFrom="sm">{node.area.code}</Table.Td>
                    <Table.Td visibleFrom="sm">
                      <Text
                        size="sm"
                        fw={node.area.retentionDays === null ? 400 : 600}
                        c={node.area.retentionDays === null ? 'dimmed' : 'inherit'}
                        title={node.area.retentionDays === null ? undefined : t('areas.ownRetention')}
                      >
                        {t('areas.retentionDays', { count: node.area.effectiveRetentionDays })}
                      </Text>
                    </Table.Td>
                    <Table.Td ta="right">
                      <Text component={Link} to={`/cameras?area=${node.area.id}`} c="inherit" size="sm">
                        {node.cameraTotal}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Menu position="bottom-end">
                        <Menu.Target>
                          <ActionIcon aria-label={t('areas.actionsOf', { area: node.area.name })}>
                            <IconDots size={20} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item
                            h={44}
                            leftSection={<IconPlus size={18} />}
                            onClick={() => setEdited({ kind: 'create', parentId: node.area.id })}
                          >
                            {t('areas.addBelow')}
                          </Menu.Item>
                          <Menu.Item
                            h={44}
                            leftSection={<IconPencil size={18} />}
                            onClick={() => setEdited({ kind: 'edit', area: node.area })}
                          >
                            {t('areas.edit')}
                          </Menu.Item>
                          <Menu.Item
                            h={44}
                            color="var(--state-down)"
                            leftSection={<IconTrash size={18} />}
                            onClick={() => setDeleted(node)}
                          >
                            {t('areas.delete')}
                          </Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Card>
      )}
      <AreaDialog target={edited} tree={areas.tree} onClose={() => setEdited(undefined)} />
      <ConfirmWithReason
        opened={deleted !== undefined}
        onClose={() => setDeleted(undefined)}
        title={t('areas.deleteTitle', { area: deleted?.area.name ?? '' })}
        confirmLabel={t('areas.delete')}
        askReason={false}
        onConfirm={async () => {
          if (deleted === undefined) return;
          await api.delete(`/api/areas/${deleted.area.id}`);
          await client.invalidateQueries({ queryKey: areasKey });
          notifyDone(t('areas.deleted', { area: deleted.area.name }));
        }}
      >
        <Group>{t('areas.deleteText')}</Group>
      </ConfirmWithReason>
    </>
  );
}
