import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** Nothing here yet: says so, and what to do next. */
export function EmptyState({
  title,
  text,
  icon,
  action,
}: {
  title: string;
  text?: ReactNode;
  icon?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      {icon !== undefined && (
        <Text c="dimmed" component="div" aria-hidden="true">
          {icon}
        </Text>
      )}
      <Title order={2} fz="lg">
        {title}
      </Title>
      {text !== undefined && (
        <Text c="dimmed" maw={520} component="div">
          {text}
        </Text>
      )}
      {action}
    </Stack>
  );
}
