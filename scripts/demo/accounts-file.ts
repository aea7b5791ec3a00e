import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Role } from '@choi-canh/shared/permissions';

export interface DemoAccount {
  username: string;
  displayName: string;
  role: Role;
  /** Name of its area; null sees everything. */
  area: string | null;
  password: string;
}

const planned: Omit<DemoAccount, 'password'>[] = [
  { username: 'quantri', displayName: 'Quản trị hệ thống', role: 'administrator', area: null },
  { username: 'kythuat', displayName: 'Kỹ thuật viên', role: 'technician', area: 'Phú Thọ' },
  { username: 'congan.chidam', displayName: 'Công an xã Chí Đám', role: 'commune_officer', area: 'Chí Đám' },
  { username: 'lanhdao', displayName: 'Cán bộ tổng hợp', role: 'district_officer', area: 'Phú Thọ' },
];

/** The demo's accounts with random passwords, made at the first start and kept in a file of mode 0600. */
export function loadAccounts(path: string): { accounts: DemoAccount[]; isNew: boolean } {
  if (existsSync(path)) {
    return { accounts: JSON.parse(readFileSync(path, 'utf8')) as DemoAccount[], isNew: false };
  }
  const accounts = planned.map((account) => ({ ...account, password: randomBytes(9).toString('base64url') }));
  writeFileSync(`${path}.part`, `${JSON.stringify(accounts, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${path}.part`, 0o600);
  renameSync(`${path}.part`, path);
  return { accounts, isNew: true };
}
