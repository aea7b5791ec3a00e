import { Paper, Stack, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageSwitch } from '../../app/language-switch.js';
import { Wordmark } from '../../app/wordmark.js';
import classes from './auth-frame.module.css';

export function AuthFrame({ title, subtitle, children }: { title: string; subtitle: string; children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('appName')}`;
  }, [title, t]);
  return (
    <main className={classes.page}>
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
