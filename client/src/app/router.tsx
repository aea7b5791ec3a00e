import type { Permission } from '@choi-canh/shared/permissions';
import { lazy, type ReactNode } from 'react';
import { createBrowserRouter } from 'react-router';
import { SetupPage } from '../features/auth/setup-page.js';
import { SignInPage } from '../features/auth/sign-in-page.js';
import { Allowed, Home, NotFound, SignedIn } from './guards.js';
import { Shell } from './shell.js';

const LivePage = lazy(() => import('../features/live/live-page.js').then((m) => ({ default: m.LivePage })));
const CamerasPage = lazy(() => import('../features/cameras/cameras-page.js').then((m) => ({ default: m.CamerasPage })));
const AddCamerasPage = lazy(() =>
  import('../features/cameras/add-cameras-page.js').then((m) => ({ default: m.AddCamerasPage })),
);
const CameraPage = lazy(() => import('../features/cameras/camera-page.js').then((m) => ({ default: m.CameraPage })));
const ReviewPage = lazy(() => import('../features/review/review-page.js').then((m) => ({ default: m.ReviewPage })));
const IncidentsPage = lazy(() =>
  import('../features/incidents/incidents-page.js').then((m) => ({ default: m.IncidentsPage })),
);
const IncidentPage = lazy(() =>
  import('../features/incidents/incident-page.js').then((m) => ({ default: m.IncidentPage })),
);
const ReportsPage = lazy(() => import('../features/reports/reports-page.js').then((m) => ({ default: m.ReportsPage })));
const RecordersPage = lazy(() =>
  import('../features/recorders/recorders-page.js').then((m) => ({ default: m.RecordersPage })),
);
const AreasPage = lazy(() =>
  import('../features/administration/areas-page.js').then((m) => ({ default: m.AreasPage })),
);
const AccountsPage = lazy(() =>
  import('../features/administration/accounts-page.js').then((m) => ({ default: m.AccountsPage })),
);
const AuditPage = lazy(() =>
  import('../features/administration/audit-page.js').then((m) => ({ default: m.AuditPage })),
);

const page = (path: string, permission: Permission, element: ReactNode) => ({
  path,
  element: <Allowed permission={permission}>{element}</Allowed>,
});

export const router = createBrowserRouter([
  { path: '/sign-in', element: <SignInPage /> },
  { path: '/setup', element: <SetupPage /> },
  {
    path: '/',
    element: (
      <SignedIn>
        <Shell />
      </SignedIn>
    ),
    children: [
      { index: true, element: <Home /> },
      page('live', 'camera.live', <LivePage />),
      page('cameras', 'camera.view', <CamerasPage />),
      page('cameras/add', 'camera.discover', <AddCamerasPage />),
      page('cameras/:cameraId', 'camera.view', <CameraPage />),
      page('review', 'footage.open', <ReviewPage />),
      page('incidents', 'incident.view', <IncidentsPage />),
      page('incidents/:incidentId', 'incident.view', <IncidentPage />),
      page('recorders', 'recorder.view', <RecordersPage />),
      page('reports', 'report.view', <ReportsPage />),
      page('admin/areas', 'area.manage', <AreasPage />),
      page('admin/accounts', 'account.manage', <AccountsPage />),
      page('admin/audit', 'audit.view', <AuditPage />),
      { path: '*', element: <NotFound /> },
    ],
  },
]);
