import '@mantine/notifications/styles.css';
import '../lib/i18n-pages.js';
import { Burger, Drawer, Group, Menu, Text, UnstyledButton } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { AlertBanner } from '../components/alert-banner.js';
import { AreaSelect } from '../components/area-select.js';
import { AwayBar } from '../components/away-bar.js';
import { LeaveQuestion } from '../components/form/leave-question.js';
import { PageWaiting } from './page-waiting.js';
import { useAreaFilter } from '../lib/area-filter.js';
import { useCameraEvents } from '../lib/cameras.js';
import { PageBarSlot } from '../lib/page-bar.js';
import { usePageFocus } from '../lib/page-focus.js';
import { useConsoleAlertEvents } from '../lib/console-alerts.js';
import { useRecorderEvents } from '../lib/recorders.js';
import { startServiceWorker } from '../lib/service-worker.js';
import { useSession } from '../lib/session.js';
import { useSessionSocket } from '../lib/session-socket.js';
import { ConnectionLight } from './connection-light.js';
import { prefetchPages } from './lazy-page.js';
import { navigation, type NavigationItem } from './navigation.js';
import { PersonMenu } from './person-menu.js';
import { RouteErrorBoundary } from './route-error-boundary.js';
import classes from './shell.module.css';
import { Wordmark } from './wordmark.js';

/** Bar at the bottom of a phone: so many fit at 360 px with words. */
const bottomItems = 4;

/** So that every page can still be opened while the server is away: by a service worker, or else kept in memory. */
async function prepareForAway(): Promise<void> {
  if (!(await startServiceWorker())) await prefetchPages();
}

/** What surrounds every page of a signed-in person: rail (a bottom bar on phones), top bar, and the page itself. */
export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const location = useLocation();
  const navigate = useNavigate();
  const { areaId, setAreaId } = useAreaFilter();
  const [railOpened, setRailOpened] = useState(false);
  const [pageBar, setPageBar] = useState<HTMLElement | null>(null);
  useCameraEvents();
  useRecorderEvents();
  useConsoleAlertEvents();
  useSessionSocket();
  usePageFocus();
  useEffect(() => void prepareForAway(), []);

  const items = navigation.filter((item) => session.can(item.permission));
  const to = (item: NavigationItem) => (areaId === undefined ? item.path : `${item.path}?area=${areaId}`);
  const rail = (group: NavigationItem['group']) =>
    items
      .filter((item) => item.group === group)
      .map((item) => (
        <NavLink key={item.key} to={to(item)} className={classes.railLink ?? ''} onClick={() => setRailOpened(false)}>
          <item.icon size={22} stroke={1.7} aria-hidden="true" />
          <span>{t(`nav.${item.key}`)}</span>
        </NavLink>
      ));
  const hasAdministration = items.some((item) => item.group === 'administration');
  const railContent = (
    <>
      {rail('work')}
      {hasAdministration && (
        <Text size="xs" fw={600} c="dimmed" className={classes.railHeading}>
          {t('nav.administration')}
        </Text>
      )}
      {rail('administration')}
    </>
  );
  const more = items.slice(bottomItems);

  return (
    <div className={classes.shell}>
      <Notifications position="top-center" />
      <a className={classes.skip} href="#content">
        {t('skipToContent')}
      </a>
      <header className={classes.top}>
        <div className={classes.bar}>
          <Burger
            className={classes.burger}
            size="sm"
            opened={railOpened}
            onClick={() => setRailOpened(true)}
            aria-label={t('navigation')}
          />
          <Link to="/" className={classes.brand ?? ''} aria-label={t('appName')}>
            <Wordmark />
          </Link>
          <AreaSelect
            className={classes.area ?? ''}
            size="sm"
            aria-label={t('area.label')}
            allowAll
            value={areaId}
            onChange={setAreaId}
          />
          <div className={classes.pageBar} ref={setPageBar} />
          <Group gap={4} ml="auto" wrap="nowrap">
            <ConnectionLight />
            <PersonMenu />
          </Group>
        </div>
        <AwayBar />
      </header>
      <nav className={classes.rail} aria-label={t('navigation')}>
        {railContent}
      </nav>
      <Drawer
        opened={railOpened}
        onClose={() => setRailOpened(false)}
        size={260}
        title={<Wordmark />}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        <nav className={classes.drawer} aria-label={t('navigation')}>
          {railContent}
        </nav>
      </Drawer>
      <main id="content" className={classes.content} tabIndex={-1}>
        {session.can('recorder.view') && location.pathname !== '/recorders' && <AlertBanner />}
        <RouteErrorBoundary resetKey={location.pathname}>
          <Suspense fallback={<PageWaiting />}>
            <PageBarSlot value={pageBar}>
              <Outlet />
            </PageBarSlot>
          </Suspense>
        </RouteErrorBoundary>
      </main>
      <nav className={classes.bottom} aria-label={t('navigation')} data-bottom-bar>
        {items.slice(0, bottomItems).map((item) => (
          <NavLink key={item.key} to={to(item)} className={classes.bottomLink ?? ''}>
            <item.icon size={22} stroke={1.7} aria-hidden="true" />
            <span>{t(`nav.${item.key}`)}</span>
          </NavLink>
        ))}
        {more.length > 0 && (
          <Menu position="top-end" width={220}>
            <Menu.Target>
              <UnstyledButton className={classes.bottomLink ?? ''}>
                <IconDots size={22} stroke={1.7} aria-hidden="true" />
                <span>{t('nav.more')}</span>
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              {more.map((item) => (
                <Menu.Item
                  key={item.key}
                  leftSection={<item.icon size={20} />}
                  onClick={() => void navigate(to(item))}
                  h={44}
                >
                  {t(`nav.${item.key}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </nav>
      <LeaveQuestion />
    </div>
  );
}
