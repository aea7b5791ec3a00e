import type { Permission, Role } from '@choi-canh/shared/permissions';
import {
  IconBuildingCommunity,
  IconListDetails,
  IconChartBar,
  IconDeviceCctv,
  IconFolder,
  IconHistory,
  IconLayoutGrid,
  IconServer2,
  IconTag,
  IconUsers,
  type Icon,
} from '@tabler/icons-react';

export interface NavigationItem {
  /** Key of `nav.<key>` and of its page. */
  key: 'incidents' | 'review' | 'live' | 'cameras' | 'recorders' | 'reports' | 'areas' | 'accounts' | 'names' | 'audit';
  path: string;
  permission: Permission;
  icon: Icon;
  group: 'work' | 'administration';
}

export const navigation: readonly NavigationItem[] = [
  { key: 'incidents', path: '/incidents', permission: 'incident.view', icon: IconFolder, group: 'work' },
  { key: 'review', path: '/review', permission: 'footage.open', icon: IconHistory, group: 'work' },
  { key: 'live', path: '/live', permission: 'camera.live', icon: IconLayoutGrid, group: 'work' },
  { key: 'cameras', path: '/cameras', permission: 'camera.view', icon: IconDeviceCctv, group: 'work' },
  { key: 'recorders', path: '/recorders', permission: 'recorder.view', icon: IconServer2, group: 'work' },
  { key: 'reports', path: '/reports', permission: 'report.view', icon: IconChartBar, group: 'work' },
  {
    key: 'areas',
    path: '/admin/areas',
    permission: 'area.manage',
    icon: IconBuildingCommunity,
    group: 'administration',
  },
  { key: 'accounts', path: '/admin/accounts', permission: 'account.manage', icon: IconUsers, group: 'administration' },
  { key: 'names', path: '/admin/names', permission: 'names.manage', icon: IconTag, group: 'administration' },
  { key: 'audit', path: '/admin/audit', permission: 'audit.view', icon: IconListDetails, group: 'administration' },
];

/** Where each kind of person starts their work. */
export const homeOfRole: Record<Role, string> = {
  commune_officer: '/incidents',
  technician: '/cameras',
  district_officer: '/reports',
  administrator: '/cameras',
};
