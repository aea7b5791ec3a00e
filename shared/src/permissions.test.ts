import { describe, expect, it } from 'vitest';
import { permissions, permissionsOfRole, roleMay, roles } from './permissions.js';

describe('permissions', () => {
  it('keeps case files and past footage from technicians', () => {
    for (const permission of ['footage.open', 'incident.view', 'clip.download', 'tag.edit'] as const) {
      expect(roleMay('technician', permission)).toBe(false);
    }
  });
  it('lets a district officer read cases and change none', () => {
    expect(roleMay('district_officer', 'report.view')).toBe(true);
    for (const permission of ['incident.edit', 'tag.edit', 'hold.edit', 'clip.extract', 'camera.manage'] as const) {
      expect(roleMay('district_officer', permission)).toBe(false);
    }
  });
  it('gives every permission to somebody and names only known ones', () => {
    for (const permission of permissions) expect(roles.some((role) => roleMay(role, permission))).toBe(true);
    for (const role of roles) expect(permissions).toEqual(expect.arrayContaining([...permissionsOfRole[role]]));
  });
});
