import { Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { LanguageSwitch } from '../../app/language-switch.js';
import { AwayBar } from '../../components/away-bar.js';
import { Wordmark } from '../../app/wordmark.js';
import { usePageTitle } from '../../lib/page-title.js';
import classes from './auth-frame.module.css';

export function AuthFrame({ title, subtitle, children }: { title: string; subtitle: string; children: ReactNode }) {
  usePageTitle(title);
  return (
    <main className={classes.page}>
      <AwayBar floating />
      <Stack className={classes.column} gap="lg">
        <Stack gap={4} align="center">
          <Wordmark size={44} />
          <Text c="dimmed" ta="center">
            {subtitle}
          </Text>
        </Stack>
        <Paper withBorder p="lg" radius="lg">
          <Stack>
            <Title order={1} fz={22}>
              {title}
            </Title>
            {children}
          </Stack>
        </Paper>
        <LanguageSwitch />
      </Stack>
    </main>
  );
}
