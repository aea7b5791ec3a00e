import {
  Avatar,
  Menu,
  SegmentedControl,
  Stack,
  Text,
  UnstyledButton,
  VisuallyHidden,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconLogout } from '@tabler/icons-react';
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
  const account = session.account;
  if (account === undefined) return null;

  return (
    <>
      <Menu position="bottom-end" width={280} shadow="md" closeOnItemClick>
        <Menu.Target>
          {/* No label of its own: what is read begins with what is seen. */}
          <UnstyledButton className={classes.button}>
            <Avatar aria-hidden="true" size={34} radius="xl" color="watch" variant="filled">
              {initials(account.displayName)}
            </Avatar>
            <span className={classes.name}>{account.displayName}</span>
            <VisuallyHidden>{t('person.menu')}</VisuallyHidden>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown p="sm">
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
          <Menu.Divider />
          <Menu.Item h={44} fz="md" leftSection={<IconKey size={20} />} onClick={password.open}>
            {t('person.changePassword')}
          </Menu.Item>
          <Menu.Item
            h={44}
            fz="md"
            leftSection={<IconLogout size={20} />}
            onClick={() => leaveThen(() => void session.signOut().catch(notifyError))}
          >
            {t('person.signOut')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ChangePasswordDialog opened={passwordOpened} onClose={password.close} />
    </>
  );
}
