import type { AccountResponse } from '@choi-canh/shared/accounts';
import { Badge, Button, Card, Group, Table, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { Instant } from '../../components/instant.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { useAreas } from '../../lib/areas.js';
import { useNames } from '../../lib/names.js';
import { compareNatural, matchesText } from '../../lib/natural-sort.js';
import { useUrlState } from '../../lib/url-state.js';
import { AccountDialog, type AccountDialogTarget } from './account-dialog.js';
import { useAccounts } from './use-accounts.js';

export function AccountsPage() {
  const { t } = useTranslation('administration');
  const accounts = useAccounts();
  const { roleName } = useNames();
  const { tree } = useAreas();
  const { areaId, includes } = useAreaFilter();
  const { search, change } = useUrlState();
  const [target, setTarget] = useState<AccountDialogTarget>();
  const text = search.get('q') ?? '';
  const areaOf = (account: AccountResponse) =>
    account.areaId === null ? t('common:area.all') : (tree.byId.get(account.areaId)?.area.name ?? '—');
  const rows = (accounts.data?.items ?? [])
    .filter(
      (account) =>
        (areaId === undefined || (account.areaId !== null && includes(account.areaId))) &&
        matchesText(`${account.displayName} ${account.username} ${areaOf(account)} ${roleName(account.role)}`, text),
    )
    .sort((a, b) => Number(b.enabled) - Number(a.enabled) || compareNatural(a.displayName, b.displayName));

  return (
    <>
      <PageHeader
        sticky
        title={t('accounts.title')}
        description={t('accounts.text')}
        actions={
          <Button leftSection={<IconPlus size={20} />} onClick={() => setTarget({ kind: 'create' })}>
            {t('accounts.add')}
          </Button>
        }
      />
      {accounts.isPending ? (
        <SkeletonList rows={6} />
      ) : accounts.data === undefined ? (
        <ErrorPanel error={accounts.error} onRetry={() => void accounts.refetch()} />
      ) : (
        <>
          <TextInput
            mb="md"
            maw={420}
            leftSection={<IconSearch size={18} aria-hidden="true" />}
            placeholder={t('accounts.search')}
            aria-label={t('accounts.search')}
            value={text}
            onChange={(event) => change({ q: event.currentTarget.value })}
          />
          {rows.length === 0 ? (
            <EmptyState
              icon={<IconUsers size={44} stroke={1.4} />}
              title={t('accounts.empty.title')}
              text={t('accounts.empty.text')}
            />
          ) : (
            <Card withBorder padding={0}>
              <Table.ScrollContainer minWidth={0}>
                <Table highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('accounts.displayName')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('accounts.role')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('accounts.area')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('accounts.lastSignIn')}</Table.Th>
                      <Table.Th />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {rows.map((account) => (
                      <Table.Tr key={account.id}>
                        <Table.Td>
                          <Group gap="xs">
                            <Text fw={600}>{account.displayName}</Text>
                            {!account.enabled && (
                              <Badge color="gray" tt="none" size="lg" variant="light">
                                {t('accounts.disabled')}
                              </Badge>
                            )}
                          </Group>
                          <Text size="sm" c="dimmed">
                            {account.username}
                          </Text>
                          <Text size="sm" hiddenFrom="sm">
                            {roleName(account.role)} · {areaOf(account)}
                          </Text>
                        </Table.Td>
                        <Table.Td visibleFrom="sm">{roleName(account.role)}</Table.Td>
                        <Table.Td visibleFrom="sm">{areaOf(account)}</Table.Td>
                        <Table.Td visibleFrom="sm">
                          {account.lastSignInAt === null ? (
                            t('accounts.never')
                          ) : (
                            <Instant at={account.lastSignInAt} relative />
                          )}
                        </Table.Td>
                        <Table.Td ta="right">
                          <Button
                            variant="subtle"
                            onClick={() => setTarget({ kind: 'edit', account })}
                            aria-label={t('accounts.editOf', { name: account.displayName })}
                          >
                            {t('common:actions.edit')}
                          </Button>
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Card>
          )}
        </>
      )}
      <AccountDialog target={target} onClose={() => setTarget(undefined)} />
    </>
  );
}
