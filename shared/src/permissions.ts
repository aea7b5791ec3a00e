import { z } from 'zod';

export const roles = ['commune_officer', 'technician', 'district_officer', 'administrator'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);

/** What a route, socket event or file needs. Area scope is a second, separate check, made in the query. */
export const permissions = [
  'camera.view',
  'camera.live',
  'camera.manage',
  'camera.discover',
  'footage.open',
  'incident.view',
  'incident.edit',
  'tag.edit',
  'hold.edit',
  'clip.extract',
  'clip.download',
  'report.view',
  'area.view',
  'area.manage',
  'account.manage',
  'recorder.view',
  'recorder.manage',
  'audit.view',
  'names.manage',
] as const;
export type Permission = (typeof permissions)[number];

/**
 * Technicians see cameras and live pictures but neither cases nor past footage (domain.md: "they do not need to read
 * case files"). District officers read everything of their area and change nothing but what an incident says.
 */
export const permissionsOfRole: Record<Role, readonly Permission[]> = {
  commune_officer: [
    'camera.view',
    'camera.live',
    'footage.open',
    'incident.view',
    'incident.edit',
    'tag.edit',
    'hold.edit',
    'clip.extract',
    'clip.download',
    'report.view',
    'area.view',
  ],
  technician: ['camera.view', 'camera.live', 'camera.manage', 'camera.discover', 'area.view', 'recorder.view'],
  district_officer: [
    'camera.view',
    'camera.live',
    'footage.open',
    'incident.view',
    'clip.download',
    'report.view',
    'area.view',
  ],
  administrator: permissions,
};

export function roleMay(role: Role, permission: Permission): boolean {
  return permissionsOfRole[role].includes(permission);
}
