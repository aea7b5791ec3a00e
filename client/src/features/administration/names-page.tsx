import { Card, Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { leaveThen } from '../../components/form/use-leave-guard.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useNamesQuery } from '../../lib/names.js';
import { useUrlState } from '../../lib/url-state.js';
import { NameListForm } from './name-list-form.js';
import { ReportTextsForm } from './report-texts-form.js';

const tabs = ['roles', 'areaLevels', 'categories', 'report'] as const;

/** What things are called: the words change by law and by office, so an administrator edits them. */
export function NamesPage() {
  const { t } = useTranslation('administration');
  const names = useNamesQuery();
  const { search, change } = useUrlState();
  const tab = tabs.find((one) => one === search.get('list')) ?? 'roles';
  return (
    <>
      <PageHeader title={t('names.title')} description={t('names.text')} />
      {names.isPending ? (
        <SkeletonList rows={6} />
      ) : names.data === undefined ? (
        <ErrorPanel error={names.error} onRetry={() => void names.refetch()} />
      ) : (
        <Card withBorder>
          {/* The list that is left is unmounted with what was typed in it. */}
          <Tabs
            value={tab}
            onChange={(next) => leaveThen(() => change({ list: next ?? undefined }))}
            keepMounted={false}
          >
            <Tabs.List mb="md">
              {tabs.map((one) => (
                <Tabs.Tab key={one} value={one} h={44}>
                  {t(`names.tabs.${one}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="roles">
              <NameListForm kind="roles" items={names.data.roles} />
            </Tabs.Panel>
            <Tabs.Panel value="areaLevels">
              <NameListForm kind="areaLevels" items={names.data.areaLevels} />
            </Tabs.Panel>
            <Tabs.Panel value="categories">
              <NameListForm kind="categories" items={names.data.categories} />
            </Tabs.Panel>
            <Tabs.Panel value="report">
              <ReportTextsForm texts={names.data.report} />
            </Tabs.Panel>
          </Tabs>
        </Card>
      )}
    </>
  );
}
