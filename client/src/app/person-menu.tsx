import {
  Avatar,
  Button,
  Divider,
  Popover,
  SegmentedControl,
  Stack,
  Text,
  UnstyledButton,
  VisuallyHidden,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconLogout } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNames } from '../lib/names.js';
import { notifyError } from '../lib/notify.js';
import { leaveThen } from '../components/form/use-leave-guard.js';
import { useSession } from '../lib/session.js';
import { ChangePasswordDialog } from './change-password-dialog.js';
import { LanguageSwitch } from './language-switch.js';
import classes from './person-menu.module.css';

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return `${words[0]?.[0] ?? ''}${words.length > 1 ? (words.at(-1)?.[0] ?? '') : ''}`.toUpperCase();
}

/** The person at the top right: who, role and area; language, appearance, password, sign out. */
export function PersonMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const { roleName } = useNames();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [passwordOpened, password] = useDisclosure(false);
  const [opened, menu] = useDisclosure(false);
  const account = session.account;
  if (account === undefined) return null;

  return (
    <>
      {/* Not a menu to assistive technology: it holds choices beside actions. */}
      <Popover position="bottom-end" width={280} shadow="md" opened={opened} onChange={menu.set} trapFocus returnFocus>
        <Popover.Target>
          {/* No label of its own: what is read begins with what is seen. */}
          <UnstyledButton className={classes.button} onClick={menu.toggle}>
            <Avatar aria-hidden="true" size={34} radius="xl" color="watch" variant="filled">
              {initials(account.displayName)}
            </Avatar>
            <span className={classes.name}>{account.displayName}</span>
            <VisuallyHidden>{t('person.menu')}</VisuallyHidden>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown p="sm">
          <Stack gap={2} px={8} pb="sm">
            <Text fw={600}>{account.displayName}</Text>
            <Text size="sm" c="dimmed">
              {roleName(account.role)} · {session.me?.areaName ?? t('area.all')}
            </Text>
          </Stack>
          <Stack gap="xs" px={8} pb="sm">
            <Text size="sm" c="dimmed" id="person-language">
              {t('person.language')}
            </Text>
            <LanguageSwitch labelledBy="person-language" />
            <Text size="sm" c="dimmed" id="person-theme">
              {t('person.theme')}
            </Text>
            <SegmentedControl
              fullWidth
              aria-labelledby="person-theme"
              value={colorScheme === 'dark' ? 'dark' : 'light'}
              onChange={(value) => setColorScheme(value === 'dark' ? 'dark' : 'light')}
              data={[
                { value: 'light', label: t('person.light') },
                { value: 'dark', label: t('person.dark') },
              ]}
            />
          </Stack>
          <Divider mb={4} />
          <PersonAction
            icon={<IconKey size={20} />}
            label={t('person.changePassword')}
            onClick={() => {
              menu.close();
              password.open();
            }}
          />
          <PersonAction
            icon={<IconLogout size={20} />}
            label={t('person.signOut')}
            onClick={() => {
              menu.close();
              leaveThen(() => void session.signOut().catch(notifyError));
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ChangePasswordDialog opened={passwordOpened} onClose={password.close} />
    </>
  );
}

function PersonAction({ icon, label, onClick }: { icon: ReactNode; label: string; onClick: () => void }) {
  return (
    <Button
      fullWidth
      h={44}
      variant="subtle"
      color="gray"
      c="inherit"
      justify="flex-start"
      leftSection={icon}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}
