import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { usePageTitle } from '../lib/page-title.js';
import { PageHeading } from './page-heading.js';
import classes from './page-header.module.css';

/** Title of a page (also of the browser's tab), with one line about it and its actions at the right. */
export function PageHeader({
  title,
  tabTitle = title,
  description,
  actions,
  sticky = false,
}: {
  title: string;
  /** Where the browser's tab says more than the page has to. */
  tabTitle?: string | undefined;
  description?: ReactNode;
  actions?: ReactNode;
  /** Of a list: title and actions stay in sight while it is scrolled. */
  sticky?: boolean;
}) {
  usePageTitle(tabTitle);
  return (
    <>
      <div className={classes.header} data-sticky={sticky || undefined}>
        <PageHeading fz={{ base: 22, sm: 26 }}>{title}</PageHeading>
        {actions !== undefined && (
          <Group gap="sm" className={classes.actions ?? ''}>
            {actions}
          </Group>
        )}
      </div>
      {description !== undefined && (
        <Text c="dimmed" component="div" className={classes.description ?? ''}>
          {description}
        </Text>
      )}
    </>
  );
}
