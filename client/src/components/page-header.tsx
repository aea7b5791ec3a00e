import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { usePageTitle } from '../lib/page-title.js';
import { PageHeading } from './page-heading.js';

/** Title of a page (also of the browser's tab), with one line about it and its actions at the right. */
export function PageHeader({
  title,
  tabTitle = title,
  description,
  actions,
}: {
  title: string;
  /** Where the browser's tab says more than the page has to. */
  tabTitle?: string | undefined;
  description?: ReactNode;
  actions?: ReactNode;
}) {
  usePageTitle(tabTitle);
  return (
    <Group justify="space-between" align="flex-end" gap="sm" mb="md">
      <Stack gap={2} style={{ minWidth: 0 }}>
        <PageHeading fz={{ base: 22, sm: 26 }}>{title}</PageHeading>
        {description !== undefined && (
          <Text c="dimmed" component="div">
            {description}
          </Text>
        )}
      </Stack>
      {actions !== undefined && <Group gap="sm">{actions}</Group>}
    </Group>
  );
}
