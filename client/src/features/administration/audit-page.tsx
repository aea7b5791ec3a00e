import type { AccountResponse } from '@choi-canh/shared/accounts';
import { auditActions, auditPageResponse, type AuditRecordResponse } from '@choi-canh/shared/audit';
import { roles } from '@choi-canh/shared/permissions';
import { Button, Card, Group, SimpleGrid, Table, Text, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import {
  IconAdjustmentsHorizontal,
  IconChevronDown,
  IconChevronRight,
  IconListDetails,
  IconX,
} from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ChainDownload } from '../../components/chain-download.js';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { Instant } from '../../components/instant.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { TimeRangeFilter } from '../../components/time/time-range-filter.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { useCameras } from '../../lib/cameras.js';
import { useCategoryName } from '../../lib/cases.js';
import { useNames } from '../../lib/names.js';
import { useSession } from '../../lib/session.js';
import { formatDate, formatDateTime, formatTime } from '../../lib/time.js';
import { useUrlState } from '../../lib/url-state.js';
import { useOnScreen } from '../../lib/use-visible.js';
import { detailLines, detailSpan } from './audit-details.js';
import classes from './audit-page.module.css';
import { useAccounts } from './use-accounts.js';

const instant = (text: string | null) => {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
};
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** First entry of a filter: no filter. */
const any = '*';

/** `22/11/2026 14:20:00 – 14:50:00` */
const spanWords = (from: string, to: string) =>
  `${formatDateTime(from)} – ${formatDate(from) === formatDate(to) ? formatTime(to) : formatDateTime(to)}`;

/** Where the words of a coded value are. */
const wordsOfField: Record<string, (value: string, record: AuditRecordResponse) => string> = {
  locale: (value) => `common:languages.${value}`,
  state: (value, { subjectType }) =>
    subjectType === 'incident' ? `incidents:states.${value}` : `common:cameraStates.${value}`,
  source: (value) => `incidents:sources.${value}`,
  by: (value) => `administration:confirmedBy.${value}`,
  outcome: (value, { action }) =>
    action !== 'camera.add_failed' && action !== 'camera.address_failed'
      ? ''
      : value === 'other_device' || value === 'password_withheld'
        ? `errors:${value}`
        : `cameras:outcomes.${value}`,
};

/** Who did what, when, to what, and why. Newest first, loaded as it is scrolled. */
export function AuditPage() {
  const { t } = useTranslation('administration');
  const session = useSession();
  const { search, change } = useUrlState();
  const accounts = useAccounts(session.can('account.manage'));
  const filter = {
    from: iso(instant(search.get('from'))),
    to: iso(instant(search.get('to'))),
    accountId: search.get('account') ?? undefined,
    action: auditActions.find((action) => action === search.get('action')),
    subjectId: search.get('subject') ?? undefined,
  };
  const [cleared, setCleared] = useState(0);
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const [filtering, setFiltering] = useState(false);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const query = useInfiniteQuery({
    queryKey: ['audit', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/audit', { schema: auditPageResponse, query: { ...filter, cursor: pageParam, limit: 50 }, signal }),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
  const records = query.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <>
      <PageHeader title={t('audit.title')} description={t('audit.text')} />
      {narrow && (
        <Button
          mb="md"
          variant="default"
          leftSection={<IconAdjustmentsHorizontal size={20} />}
          onClick={() => setFiltering(!filtering)}
          aria-expanded={filtering}
        >
          {t('audit.filters')}
        </Button>
      )}
      <Card withBorder mb="md" display={narrow && !filtering && !filtered ? 'none' : 'block'}>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
          <SearchSelect
            label={t('audit.action')}
            data={[
              { value: any, label: t('audit.anyAction') },
              ...auditActions.map((action) => ({ value: action, label: t(`auditActions.${action}`) })),
            ]}
            value={filter.action ?? any}
            onChange={(value) => change({ action: value === any ? undefined : value })}
          />
          <SearchSelect
            label={t('audit.account')}
            data={[
              { value: any, label: t('audit.anyAccount') },
              ...(accounts.data?.items ?? []).map((account) => ({ value: account.id, label: account.displayName })),
            ]}
            value={filter.accountId ?? any}
            onChange={(value) => change({ account: value === any ? undefined : value })}
          />
          <TimeRangeFilter
            key={cleared}
            labels={{ from: t('audit.from'), to: t('audit.to') }}
            endIncluded
            fromMs={instant(filter.from ?? null)}
            toMs={instant(filter.to ?? null)}
            onChange={({ fromMs, toMs }) => change({ from: iso(fromMs), to: iso(toMs) })}
          />
        </SimpleGrid>
        {filtered && (
          <Button
            mt="sm"
            variant="subtle"
            leftSection={<IconX size={18} />}
            onClick={() => {
              setCleared(cleared + 1);
              change({ action: undefined, account: undefined, from: undefined, to: undefined, subject: undefined });
            }}
          >
            {t('audit.clear')}
          </Button>
        )}
      </Card>
      {query.isPending ? (
        <SkeletonList rows={10} />
      ) : query.data === undefined ? (
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      ) : records.length === 0 ? (
        <EmptyState
          icon={<IconListDetails size={44} stroke={1.4} />}
          title={filtered ? t('audit.noMatch.title') : t('audit.empty.title')}
          text={filtered ? t('audit.noMatch.text') : t('audit.empty.text')}
        />
      ) : (
        <Card withBorder padding={0}>
          <Table className={classes.table ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={44} aria-label={t('audit.details')} />
                <Table.Th w={170}>{t('audit.at')}</Table.Th>
                <Table.Th>{t('audit.account')}</Table.Th>
                <Table.Th>{t('audit.action')}</Table.Th>
                <Table.Th>{t('audit.subject')}</Table.Th>
                <Table.Th>{t('audit.purpose')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {records.map((record) => (
                <AuditRow key={record.id} record={record} accounts={accounts.data?.items} />
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
      {query.isFetchNextPageError && <ErrorPanel error={query.error} onRetry={() => void query.fetchNextPage()} />}
      {query.hasNextPage && !query.isFetchNextPageError && (
        <LoadMore busy={query.isFetchingNextPage} onLoad={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

/** Loads by itself when it is scrolled to; a button for who uses none. */
function LoadMore({ busy, onLoad }: { busy: boolean; onLoad: () => void }) {
  const { t } = useTranslation();
  const { ref, onScreen } = useOnScreen();
  useEffect(() => {
    if (onScreen && !busy) onLoad();
  }, [busy, onLoad, onScreen]);
  return (
    <Group justify="center" py="md" ref={ref}>
      <Button variant="default" loading={busy} onClick={onLoad}>
        {t('actions.loadMore')}
      </Button>
    </Group>
  );
}

function AuditRow({
  record,
  accounts,
}: {
  record: AuditRecordResponse;
  accounts: readonly AccountResponse[] | undefined;
}) {
  const { t, i18n } = useTranslation('administration');
  const [opened, setOpened] = useState(false);
  const { tree } = useAreas();
  const cameras = useCameras();
  const categoryName = useCategoryName();
  const names = useNames();
  const wordOf = (value: string, key: string) => {
    if (value === 'true' || value === 'false') return t(`audit.${value}`);
    const role = key === 'role' ? roles.find((one) => one === value) : undefined;
    if (role !== undefined) return names.roleName(role);
    if (key === 'level') return names.levelName(value);
    const words = wordsOfField[key]?.(value, record);
    if (words !== undefined && i18n.exists(words)) return t(words);
    if (key === 'category') return categoryName(value);
    if (key === 'openingId') return t('audit.opening', { at: formatDateTime(record.at) });
    return (
      record.names[value] ??
      tree.byId.get(value)?.area.name ??
      cameras.data?.items.find((camera) => camera.id === value)?.name ??
      accounts?.find((account) => account.id === value)?.displayName
    );
  };
  const area = record.areaId === null ? undefined : tree.byId.get(record.areaId)?.path.join(' › ');
  const word = (key: string) => (i18n.exists(`administration:auditFields.${key}`) ? t(`auditFields.${key}`) : key);
  const lines = opened ? detailLines(record.details, wordOf, word) : [];
  const span = detailSpan(record.details);
  const Arrow = opened ? IconChevronDown : IconChevronRight;

  return (
    <Fragment>
      <Table.Tr className={classes.row ?? ''} data-testid="audit-row">
        <Table.Td p={0} className={classes.open ?? ''}>
          <UnstyledButton
            onClick={() => setOpened(!opened)}
            aria-expanded={opened}
            aria-label={t('audit.details')}
            style={{ width: 44, height: 44, display: 'grid', placeItems: 'center' }}
          >
            <Arrow size={20} />
          </UnstyledButton>
        </Table.Td>
        <Table.Td className={classes.at ?? ''}>
          <Instant at={record.at} />
        </Table.Td>
        <Table.Td className={classes.who ?? ''}>{record.accountName}</Table.Td>
        <Table.Td className={classes.action ?? ''}>{t(`auditActions.${record.action}`)}</Table.Td>
        <Table.Td className={classes.subject ?? ''}>
          {record.subjectName}
          {span !== undefined && (
            <Text size="sm" c="dimmed">
              {spanWords(span.from, span.to)}
            </Text>
          )}
        </Table.Td>
        <Table.Td className={classes.purpose ?? ''}>{record.purpose}</Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr className={classes.details ?? ''}>
          <Table.Td className={classes.indent ?? ''} />
          <Table.Td colSpan={5}>
            <Table variant="vertical" withRowBorders={false} verticalSpacing={4} maw={760}>
              <Table.Tbody>
                {lines.map((line) => (
                  <Table.Tr key={line.key}>
                    <Table.Th w={200} fw={500}>
                      {word(line.key)}
                    </Table.Th>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>
                      {line.before !== undefined && (
                        <>
                          <Text span size="sm" td="line-through" c="dimmed">
                            {line.before}
                          </Text>
                          {' → '}
                        </>
                      )}
                      {line.after}
                    </Table.Td>
                  </Table.Tr>
                ))}
                {area !== undefined && (
                  <Table.Tr>
                    <Table.Th w={200} fw={500}>
                      {t('audit.area')}
                    </Table.Th>
                    <Table.Td>{area}</Table.Td>
                  </Table.Tr>
                )}
                <Table.Tr>
                  <Table.Th w={200} fw={500}>
                    {t('audit.address')}
                  </Table.Th>
                  <Table.Td>{record.address === '' ? '—' : record.address}</Table.Td>
                </Table.Tr>
              </Table.Tbody>
            </Table>
            <Group gap="lg">
              {record.subjectId !== null && <SubjectHistory record={record} />}
              {record.action === 'recorder.delete' && record.subjectId !== null && (
                <ChainDownload recorderId={record.subjectId} />
              )}
            </Group>
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
}

function SubjectHistory({ record }: { record: AuditRecordResponse }) {
  const { t } = useTranslation('administration');
  const { change } = useUrlState();
  return (
    <Button
      variant="subtle"
      size="sm"
      px={0}
      onClick={() => {
        change({ subject: record.subjectId ?? undefined }, { push: true });
        window.scrollTo({ top: 0 });
      }}
    >
      {t('audit.sameSubject', { subject: record.subjectName })}
    </Button>
  );
}
