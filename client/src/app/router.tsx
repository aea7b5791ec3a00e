import type { Permission } from '@choi-canh/shared/permissions';
import { Suspense, type ReactNode } from 'react';
import { createBrowserRouter } from 'react-router';
import { SetupPage } from '../features/auth/setup-page.js';
import { SignInPage } from '../features/auth/sign-in-page.js';
import { Allowed, Home, NotFound, SignedIn } from './guards.js';
import { lazyPage } from './lazy-page.js';
import { PageWaiting, ShellWaiting } from './page-waiting.js';

const Shell = lazyPage(() => import('./shell.js'), 'Shell');
const LivePage = lazyPage(() => import('../features/live/live-page.js'), 'LivePage');
const CamerasPage = lazyPage(() => import('../features/cameras/cameras-page.js'), 'CamerasPage');
const AddRtspPage = lazyPage(() => import('../features/cameras/add-rtsp-page.js'), 'AddRtspPage');
const AddCamerasPage = lazyPage(() => import('../features/cameras/add-cameras-page.js'), 'AddCamerasPage');
const CameraPage = lazyPage(() => import('../features/cameras/camera-page.js'), 'CameraPage');
const DevicePage = lazyPage(() => import('../features/cameras/device-page.js'), 'DevicePage');
const ReviewPage = lazyPage(() => import('../features/review/review-page.js'), 'ReviewPage');
const IncidentsPage = lazyPage(() => import('../features/incidents/incidents-page.js'), 'IncidentsPage');
const IncidentPage = lazyPage(() => import('../features/incidents/incident-page.js'), 'IncidentPage');
const ReportsPage = lazyPage(() => import('../features/reports/reports-page.js'), 'ReportsPage');
const RecordersPage = lazyPage(() => import('../features/recorders/recorders-page.js'), 'RecordersPage');
const AreasPage = lazyPage(() => import('../features/administration/areas-page.js'), 'AreasPage');
const AccountsPage = lazyPage(() => import('../features/administration/accounts-page.js'), 'AccountsPage');
const NamesPage = lazyPage(() => import('../features/administration/names-page.js'), 'NamesPage');
const AuditPage = lazyPage(() => import('../features/administration/audit-page.js'), 'AuditPage');

const page = (path: string, permission: Permission, element: ReactNode) => ({
  path,
  // A key of its own: another page is another place, which says at once that it is being loaded.
  element: (
    <Allowed key={path} permission={permission}>
      <Suspense fallback={<PageWaiting />}>{element}</Suspense>
    </Allowed>
  ),
});

export const router = createBrowserRouter([
  { path: '/sign-in', element: <SignInPage /> },
  { path: '/setup', element: <SetupPage /> },
  {
    path: '/',
    element: (
      <SignedIn>
        <Suspense fallback={<ShellWaiting />}>
          <Shell />
        </Suspense>
      </SignedIn>
    ),
    children: [
      { index: true, element: <Home /> },
      page('live', 'camera.live', <LivePage />),
      page('cameras', 'camera.view', <CamerasPage />),
      page('cameras/add', 'camera.discover', <AddCamerasPage />),
      page('cameras/add-rtsp', 'camera.manage', <AddRtspPage />),
      page('cameras/:cameraId', 'camera.view', <CameraPage />),
      page('devices/:deviceId', 'camera.view', <DevicePage />),
      page('review', 'footage.open', <ReviewPage />),
      page('incidents', 'incident.view', <IncidentsPage />),
      page('incidents/:incidentId', 'incident.view', <IncidentPage />),
      page('recorders', 'recorder.view', <RecordersPage />),
      page('reports', 'report.view', <ReportsPage />),
      page('admin/areas', 'area.manage', <AreasPage />),
      page('admin/accounts', 'account.manage', <AccountsPage />),
      page('admin/names', 'names.manage', <NamesPage />),
      page('admin/audit', 'audit.view', <AuditPage />),
      { path: '*', element: <NotFound /> },
    ],
  },
]);
