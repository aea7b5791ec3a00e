import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { PageHeading } from './page-heading.js';

/** Nothing here yet: says so, and what to do next. */
export function EmptyState({
  title,
  text,
  icon,
  action,
  heading = false,
}: {
  title: string;
  text?: ReactNode;
  icon?: ReactNode;
  action?: ReactNode;
  /** It is the whole page: its title is the page's heading. */
  heading?: boolean;
}) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      {icon !== undefined && (
        <Text c="dimmed" component="div" aria-hidden="true">
          {icon}
        </Text>
      )}
      {heading ? (
        <PageHeading fz="lg">{title}</PageHeading>
      ) : (
        <Title order={2} fz="lg">
          {title}
        </Title>
      )}
      {text !== undefined && (
        <Text c="dimmed" maw={520} component="div">
          {text}
        </Text>
      )}
      {action}
    </Stack>
  );
}
