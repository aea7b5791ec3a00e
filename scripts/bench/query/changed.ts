/** The changes that pages make most, as the pages make them. */
import type { Permission } from '@choi-canh/shared/permissions';
import { idOf, incidentIsIn, type DatasetSize } from './dataset.js';
import { seedPassword } from './seed-sql.js';

export interface Changed {
  readonly name: string;
  readonly needs: Permission | 'signed_in';
  /** Of the n-th time that it is made, from 0; `first` is the answer to the first request of these changes. */
  request(time: number, first: Readonly<Record<string, unknown>>): { method: string; path: string; body: unknown };
}

/** The first of them enters the incident that most of the others change. `run` differs from run to run. */
export function askedChanges(size: DatasetSize, account: number, commune: number, run: string): Changed[] {
  const own = Array.from({ length: size.incidents }, (_, index) => index).filter(
    (index) => incidentIsIn(index, size) === commune,
  );
  const old = (time: number) => `/api/incidents/${idOf.incident(own[time % own.length] ?? 0)}`;
  const camera = idOf.camera(commune);
  const beforeMs = Date.now() - 3_600_000;
  const range = (time: number) => ({
    from: new Date(beforeMs + time * 30_000).toISOString(),
    to: new Date(beforeMs + time * 30_000 + 20_000).toISOString(),
  });
  const edit = 'incident.edit';
  const fresh = (first: Readonly<Record<string, unknown>>) => `/api/incidents/${String(first.id)}`;
  return [
    {
      name: 'incident entered',
      needs: edit,
      request: (time) => ({
        method: 'POST',
        path: '/api/incidents',
        body: {
          ...{ areaId: idOf.area(commune), place: 'Ngã ba chợ, thôn 3', category: 'theft', source: 'tip_phone' },
          ...{ title: 'Mất trộm xe máy', occurredAt: new Date(beforeMs).toISOString() },
          description: `Người dân báo mất xe máy biển số 36B1-${10_000 + time}, chạy về hướng thị trấn. ${run}`,
        },
      }),
    },
    {
      name: 'incident of long ago edited',
      needs: edit,
      request: (time) => ({
        method: 'PATCH',
        path: old(time),
        body: { description: `Tổ tuần tra ghi nhận lời khai của nhân chứng, lần ${time}. ${run}` },
      }),
    },
    {
      name: 'incident closed with its outcome',
      needs: edit,
      request: (time, first) => ({
        method: 'PATCH',
        path: fresh(first),
        body:
          time % 2 === 0
            ? { state: 'resolved', outcome: `Đã xác định được đối tượng, lần ${time}.` }
            : { state: 'under_review' },
      }),
    },
    {
      name: 'tag',
      needs: 'tag.edit',
      request: (time, first) => ({
        method: 'POST',
        path: `${fresh(first)}/tags`,
        body: { cameraId: camera, ...range(time), note: 'Xe chạy qua', decisive: time % 2 === 0 },
      }),
    },
    {
      name: 'hold',
      needs: 'hold.edit',
      request: (time, first) => ({
        method: 'POST',
        path: `${fresh(first)}/holds`,
        body: { cameraIds: [camera], ...range(100 + time) },
      }),
    },
    {
      name: 'camera edited',
      needs: 'camera.manage',
      request: (time) => ({
        method: 'PATCH',
        path: `/api/cameras/${camera}`,
        body: { place: `Ngã ba chợ, lần ${time}. ${run}` },
      }),
    },
    {
      name: 'sign-in',
      needs: 'signed_in',
      request: () => ({
        method: 'POST',
        path: '/api/session',
        body: { username: `canbo${account}`, password: seedPassword },
      }),
    },
  ];
}
